from django.db import migrations, models

from llm.agents import guard


class Migration(migrations.Migration):
    """A run follows a prompt: its order of models, its temperature, its limit; and is booked under it."""

    dependencies = [("llm", "0012_journal_guard")]

    operations = [
        migrations.RunPython(guard.remove, guard.install),  # SQLite renames no table that a trigger names
        migrations.AddField(
            model_name="agentrun", name="answer_tokens", field=models.PositiveIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="agentrun", name="chain", field=models.JSONField(blank=True, default=list)
        ),
        migrations.AddField(
            model_name="agentrun", name="prompt", field=models.CharField(blank=True, max_length=64)
        ),
        migrations.AddField(
            model_name="agentrun", name="prompt_version", field=models.PositiveIntegerField(null=True)
        ),
        migrations.AddField(model_name="agentrun", name="temperature", field=models.FloatField(null=True)),
        migrations.RunPython(guard.install, guard.remove),
    ]

import django.db.models.deletion
from django.db import migrations, models

from llm.agents import guard


class Migration(migrations.Migration):
    """The database itself keeps a journal append-only and deletes it with its run; rows name their writer."""

    dependencies = [("llm", "0011_replies_of_people")]

    operations = [
        migrations.AddField(
            model_name="agentstep", name="epoch", field=models.PositiveIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="agentstep", name="worker", field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False
        ),
        migrations.AlterField(
            model_name="agentstep",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="steps", to="llm.agentrun"
            ),
        ),
        migrations.RunPython(guard.install, guard.remove),
    ]

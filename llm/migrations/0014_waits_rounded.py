from django.db import migrations


def roll_up_again(apps, schema_editor):
    """Times were cut to two figures and are rounded now: each day is added up once more."""
    days = apps.get_model("llm", "RolledDay").objects.values_list("day", flat=True)
    stale = apps.get_model("llm", "StaleDay")
    stale.objects.bulk_create([stale(day=day) for day in days], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("llm", "0013_agents_by_prompt")]

    operations = [migrations.RunPython(roll_up_again, migrations.RunPython.noop)]

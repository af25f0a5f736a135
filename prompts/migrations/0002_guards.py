from django.db import migrations

from prompts import guards


class Migration(migrations.Migration):
    """History is append-only in the database, too."""

    dependencies = [("prompts", "0001_initial")]

    operations = [migrations.RunPython(guards.install, guards.remove)]

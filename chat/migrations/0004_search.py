from django.db import migrations

from chat import search_index


class Migration(migrations.Migration):
    """Full-text search over what was said."""

    dependencies = [("chat", "0003_outliving")]

    operations = [migrations.RunPython(search_index.install, search_index.remove)]

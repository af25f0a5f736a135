"""`flush` empties every table; SQLite does that with DELETE, which the triggers of history refuse."""

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        """Flush with SQLite's triggers set aside, in one transaction with putting them back."""
        connection = connections[options["database"]]
        if connection.vendor != "sqlite":
            super().handle(**options)  # TRUNCATE asks no trigger
            return
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            super().handle(**options)
            for _, sql in triggers:
                cursor.execute(sql)

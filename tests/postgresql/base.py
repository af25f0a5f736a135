"""Django's backend, whose tables are emptied row by row between two tests.

TRUNCATE makes new files of every table and index and waits for the disk: a second a test, where a handful of
rows go in milliseconds.
"""

from collections.abc import Sequence
from typing import Any

from django.core.management.color import Style
from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """Empties with DELETE and, as TRUNCATE does, without triggers: history refuses to go."""

    def sql_flush(
        self,
        style: Style,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        """Return what empties `tables`; sequences go on, unless a test wants them to begin again."""
        if reset_sequences:
            return super().sql_flush(style, tables, reset_sequences=True, allow_cascade=allow_cascade)
        emptied = [f"DELETE FROM {self.quote_name(table)};" for table in tables]  # noqa: S608 our own tables
        return ["SET LOCAL session_replication_role = replica;", *emptied]


class DatabaseWrapper(base.DatabaseWrapper):
    """What `ENGINE` names."""

    ops_class: Any = DatabaseOperations

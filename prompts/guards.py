"""Triggers that keep history append-only for whoever goes round the models, a database shell included.

SQLite drops a table's triggers when a migration rebuilds the table: a migration that alters a guarded
table ends with `migrations.RunPython(guards.install, guards.remove)` again; a test tells if it does not.
"""

from collections.abc import Container, Iterator
from typing import Any

# Table, and the columns that may become NULL: the person's account was deleted.
GUARDED = {"prompts_promptversion": ("author_id",), "prompts_promptmove": ("who_id", "approver_id")}
SAYS = "History is never changed or deleted."


def install(apps: Any, schema_editor: Any) -> None:
    """Make the triggers of all guarded tables anew."""
    remove(apps, schema_editor)
    connection = schema_editor.connection
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]
    for table, people in GUARDED.items():
        with connection.cursor() as cursor:
            described = connection.introspection.get_table_description(cursor, table)
        for statement in statements(table, people, [column.name for column in described]):
            schema_editor.execute(statement)


def remove(apps: Any, schema_editor: Any) -> None:
    """Drop the triggers."""
    for table in GUARDED:
        where = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for event in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{where}")


def _sqlite(table: str, people: Container[str], columns: list[str]) -> Iterator[str]:
    allowed = _allowed(people, columns, "IS")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    yield f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT {allowed} {refuse}"
    yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"


def _postgresql(table: str, people: Container[str], columns: list[str]) -> Iterator[str]:
    allowed = _allowed(people, columns, "IS NOT DISTINCT FROM")
    refuse = f"RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'restrict_violation'"
    body = f"LANGUAGE plpgsql AS $$ BEGIN {refuse}; END $$"
    act = "EXECUTE FUNCTION prompts_refuse()"
    yield f"CREATE OR REPLACE FUNCTION prompts_refuse() RETURNS trigger {body}"
    yield f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN (NOT {allowed}) {act}"
    yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {act}"


def _allowed(people: Container[str], columns: list[str], equals: str) -> str:
    """Return the condition under which an update is let through: nothing changes, but a person may go."""
    parts = []
    for column in columns:
        same = f'NEW."{column}" {equals} OLD."{column}"'
        parts.append(f'({same} OR NEW."{column}" IS NULL)' if column in people else same)
    return f"({' AND '.join(parts)})"

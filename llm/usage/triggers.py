"""Whatever changes a call of a past hour, the database itself notes the day as stale.

A call of the running hour is read as it is, so it costs nothing here. Django rebuilds a table of SQLite to
alter it and loses its triggers: a migration that alters `llm_call` ends with
`migrations.RunPython(triggers.install, triggers.remove)` again; a test tells if it does not. On PostgreSQL a
statement notes a day once more each time, since waiting for another's row would hold up the ledger.
"""

from typing import Any


def _note(row: str) -> str:
    day = f"substr({row}.created_at, 1, 10)"
    return f"""
    INSERT INTO llm_staleday(day) SELECT {day}
    WHERE substr({row}.created_at, 1, 13) < strftime('%Y-%m-%d %H', 'now')
        AND NOT EXISTS (SELECT 1 FROM llm_staleday WHERE day = {day});
    """  # noqa: S608 no text from outside


SQLITE = (
    f"CREATE TRIGGER llm_call_added AFTER INSERT ON llm_call BEGIN {_note('NEW')} END",
    f"CREATE TRIGGER llm_call_changed AFTER UPDATE ON llm_call BEGIN {_note('OLD')} {_note('NEW')} END",
    f"CREATE TRIGGER llm_call_removed AFTER DELETE ON llm_call BEGIN {_note('OLD')} END",
)
_PAST = "created_at < date_trunc('hour', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
POSTGRESQL = (
    f"""
    CREATE FUNCTION llm_note_days() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO llm_staleday(day)
        SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM changed WHERE {_PAST};
        RETURN NULL;
    END $$
    """,  # noqa: S608 the same
    *(
        f"""
        CREATE TRIGGER llm_call_{name} AFTER {event} ON llm_call
        REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION llm_note_days()
        """
        for name, event, rows in (
            ("added", "INSERT", "NEW"),
            ("changed", "UPDATE", "NEW"),
            ("changed_from", "UPDATE", "OLD"),
            ("removed", "DELETE", "OLD"),
        )
    ),
)
_NAMES = ("added", "changed", "changed_from", "removed")
UNDO = {
    "sqlite": tuple(f"DROP TRIGGER IF EXISTS llm_call_{name}" for name in _NAMES),
    "postgresql": (
        *(f"DROP TRIGGER IF EXISTS llm_call_{name} ON llm_call" for name in _NAMES),
        "DROP FUNCTION IF EXISTS llm_note_days",
    ),
}


def install(apps: Any, schema_editor: Any) -> None:
    """Make the triggers anew."""
    remove(apps, schema_editor)
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def remove(apps: Any, schema_editor: Any) -> None:
    """Drop the triggers."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)

"""Triggers that keep a run's journal for whoever goes round the models: a row leaves with its run alone.

Deleting a run deletes its rows here and not in Django, which would begin with the rows. SQLite drops a
table's triggers when a migration rebuilds the table, and renames no table that a trigger names: a migration
that alters `llm_agentrun` or `llm_agentstep` begins with `migrations.RunPython(guard.remove, guard.install)`
and ends with the two the other way round; a test tells if not.
"""

from typing import Any

SAYS = "The journal of a run is never changed."
ORPHAN = "NOT EXISTS (SELECT 1 FROM llm_agentrun WHERE id = OLD.run_id)"
REST = "DELETE FROM llm_agentstep WHERE run_id = OLD.id"

SQLITE = (
    f"""
    CREATE TRIGGER llm_agentstep_no_update BEFORE UPDATE ON llm_agentstep
    BEGIN SELECT RAISE(ABORT, '{SAYS}'); END
    """,
    f"""
    CREATE TRIGGER llm_agentstep_no_delete BEFORE DELETE ON llm_agentstep WHEN NOT {ORPHAN}
    BEGIN SELECT RAISE(ABORT, '{SAYS}'); END
    """,
    f"CREATE TRIGGER llm_agentrun_takes_steps AFTER DELETE ON llm_agentrun BEGIN {REST}; END",
)
POSTGRESQL = (
    f"""
    CREATE FUNCTION llm_guard_journal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND {ORPHAN} THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER llm_agentstep_guard BEFORE UPDATE OR DELETE ON llm_agentstep
    FOR EACH ROW EXECUTE FUNCTION llm_guard_journal()
    """,
    f"""
    CREATE FUNCTION llm_take_steps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {REST}; RETURN OLD; END $$
    """,
    """
    CREATE TRIGGER llm_agentrun_takes_steps AFTER DELETE ON llm_agentrun
    FOR EACH ROW EXECUTE FUNCTION llm_take_steps()
    """,
)
UNDO = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS llm_agentstep_no_update",
        "DROP TRIGGER IF EXISTS llm_agentstep_no_delete",
        "DROP TRIGGER IF EXISTS llm_agentrun_takes_steps",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS llm_agentstep_guard ON llm_agentstep",
        "DROP TRIGGER IF EXISTS llm_agentrun_takes_steps ON llm_agentrun",
        "DROP FUNCTION IF EXISTS llm_guard_journal",
        "DROP FUNCTION IF EXISTS llm_take_steps",
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

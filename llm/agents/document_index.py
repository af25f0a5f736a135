"""The index behind the search in documents, kept by the database itself.

SQLite: an FTS5 table over the passages. Django rebuilds a table to alter it and loses its triggers: a
migration that alters `llm_passage` ends with `migrations.RunPython(install, remove)` again. PostgreSQL: a GIN
index over the same words.
"""

from typing import Any

FORGET = """
INSERT INTO llm_document_search(llm_document_search, rowid, text) VALUES ('delete', OLD.id, OLD.text);
"""
LEARN = "INSERT INTO llm_document_search(rowid, text) VALUES (NEW.id, NEW.text);"
SQLITE = (
    """
    CREATE VIRTUAL TABLE llm_document_search USING fts5(
        text, content='llm_passage', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    "INSERT INTO llm_document_search(llm_document_search) VALUES ('rebuild')",
    f"CREATE TRIGGER llm_passage_learn AFTER INSERT ON llm_passage BEGIN {LEARN} END",
    f"CREATE TRIGGER llm_passage_change AFTER UPDATE ON llm_passage BEGIN {FORGET} {LEARN} END",
    f"CREATE TRIGGER llm_passage_forget AFTER DELETE ON llm_passage BEGIN {FORGET} END",
)
POSTGRESQL = ("CREATE INDEX llm_document_search ON llm_passage USING gin (to_tsvector('simple', text))",)
UNDO = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS llm_passage_learn",
        "DROP TRIGGER IF EXISTS llm_passage_change",
        "DROP TRIGGER IF EXISTS llm_passage_forget",
        "DROP TABLE IF EXISTS llm_document_search",
    ),
    "postgresql": ("DROP INDEX IF EXISTS llm_document_search",),
}


def install(apps: Any, schema_editor: Any) -> None:
    """Make the index anew from what is there."""
    remove(apps, schema_editor)
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def remove(apps: Any, schema_editor: Any) -> None:
    """Drop the index."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)

"""The index behind the search, kept by the database itself, so that nothing that writes can forget it.

SQLite: an FTS5 table over a view, whose rows are numbered by a table of our own (VACUUM may number those of
`chat_message` anew). Django rebuilds a table to alter it and loses its triggers: a migration that alters
`chat_message` ends with `migrations.RunPython(search_index.install, search_index.remove)` again; a test tells
if it does not. PostgreSQL: a GIN index over the same words (of the first 100,000 characters, for a tsvector
takes 1 MB at most). An answer is indexed once it has ended.
"""

from typing import Any

FORGET = """
INSERT INTO chat_search(chat_search, rowid, owner, content)
SELECT 'delete', row.id, 'u' || talk.owner_id, OLD.content
FROM chat_search_row row JOIN chat_conversation talk ON talk.id = OLD.conversation_id
WHERE row.message_id = OLD.id;
DELETE FROM chat_search_row WHERE message_id = OLD.id;
"""
LEARN = """
INSERT INTO chat_search_row(message_id) SELECT NEW.id WHERE NEW.status <> 'streaming';
INSERT INTO chat_search(rowid, owner, content)
SELECT row.id, 'u' || talk.owner_id, NEW.content
FROM chat_search_row row JOIN chat_conversation talk ON talk.id = NEW.conversation_id
WHERE row.message_id = NEW.id;
"""
SQLITE = (
    "CREATE TABLE chat_search_row (id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE)",
    """
    CREATE VIEW chat_search_text AS
    SELECT row.id AS id, 'u' || talk.owner_id AS owner, said.content AS content
    FROM chat_search_row row
    JOIN chat_message said ON said.id = row.message_id
    JOIN chat_conversation talk ON talk.id = said.conversation_id
    """,
    """
    CREATE VIRTUAL TABLE chat_search USING fts5(
        owner, content, content='chat_search_text', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2'
    )
    """,
    "INSERT INTO chat_search_row(message_id) SELECT id FROM chat_message WHERE status <> 'streaming'",
    "INSERT INTO chat_search(chat_search) VALUES ('rebuild')",
    f"CREATE TRIGGER chat_search_learn AFTER INSERT ON chat_message BEGIN {LEARN} END",
    f"""
    CREATE TRIGGER chat_search_change AFTER UPDATE OF content, status ON chat_message
    WHEN OLD.status <> 'streaming' OR NEW.status <> 'streaming' BEGIN {FORGET} {LEARN} END
    """,
    f"CREATE TRIGGER chat_search_forget BEFORE DELETE ON chat_message BEGIN {FORGET} END",
)
POSTGRESQL = (
    "CREATE INDEX chat_search ON chat_message USING gin (to_tsvector('simple', left(content, 100000)))",
)
UNDO = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS chat_search_learn",
        "DROP TRIGGER IF EXISTS chat_search_change",
        "DROP TRIGGER IF EXISTS chat_search_forget",
        "DROP TABLE IF EXISTS chat_search",
        "DROP VIEW IF EXISTS chat_search_text",
        "DROP TABLE IF EXISTS chat_search_row",
    ),
    "postgresql": ("DROP INDEX IF EXISTS chat_search",),
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

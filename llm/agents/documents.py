"""Finds the passages of a person's documents that hold the most of what is looked for."""

import re
from dataclasses import dataclass

from django.db import connection

MOST_WORDS = 16
PREFIX_FROM = 4  # letters: "holiday" finds "holidays"

SQLITE = """
SELECT document.title, passage.text FROM llm_document_search
JOIN llm_passage passage ON passage.id = llm_document_search.rowid
JOIN llm_document document ON document.id = passage.document_id
WHERE llm_document_search MATCH %s AND document.user_id = %s
ORDER BY bm25(llm_document_search), passage.id LIMIT %s
"""
POSTGRESQL = """
SELECT document.title, passage.text FROM llm_passage passage
JOIN llm_document document ON document.id = passage.document_id, to_tsquery('simple', %s) wanted
WHERE to_tsvector('simple', passage.text) @@ wanted AND document.user_id = %s
ORDER BY ts_rank_cd(to_tsvector('simple', passage.text), wanted) DESC, passage.id LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage, and the title of the document that it is from."""

    title: str
    text: str


def search(user_id: int, query: str, most: int) -> list[Found]:
    """Return the best passages of a person's documents; any word of the query counts."""
    words = list(dict.fromkeys(re.findall(r"\w+", query.lower())))[:MOST_WORDS]
    if not words:
        return []
    statement, wanted = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor](words)
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted, user_id, most])
        return [Found(title=title, text=text) for title, text in cursor.fetchall()]


def _sqlite(words: list[str]) -> tuple[str, str]:
    return SQLITE, " OR ".join(f'"{word}"{_star(word, "*")}' for word in words)


def _postgresql(words: list[str]) -> tuple[str, str]:
    return POSTGRESQL, " | ".join(f"'{word}'{_star(word, ':*')}" for word in words)


def _star(word: str, sign: str) -> str:
    return sign if len(word) >= PREFIX_FROM else ""

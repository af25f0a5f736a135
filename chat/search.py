"""Full text of what was said: which conversations hold the words that a person typed."""

import re
from collections.abc import Iterator

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from chat.models import Message

WORDS = re.compile(r'"([^"]*)"|([^\s"]+)')
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # no word ends
MOST_WORDS = 16

IN_SQLITE = """
SELECT said.conversation_id FROM chat_search
JOIN chat_search_row row ON row.id = chat_search.rowid
JOIN chat_message said ON said.id = row.message_id
WHERE chat_search MATCH %s
"""
IN_POSTGRESQL = """
SELECT said.conversation_id FROM chat_message said
JOIN chat_conversation talk ON talk.id = said.conversation_id
WHERE to_tsvector('simple', left(said.content, 100000)) @@ to_tsquery('simple', %s) AND talk.owner_id = %s
"""

type Phrase = tuple[str, ...]


def holding(text: str, owner_id: int) -> Q:
    """Return the condition on conversations that their title or a message holds every word of `text`.

    Words in "quotes" must stand together; the last word may be the beginning of one. No sign in `text`
    means anything else. Scripts that put no spaces between words are looked for letter by letter.
    """
    phrases = list(_phrases(text))
    if not phrases or UNSPACED.search(text):
        said = Message.objects.filter(conversation__owner=owner_id, content__icontains=text)
        return Q(title__icontains=text) | Q(pk__in=said.values("conversation"))
    is_open = not text.rstrip().endswith('"')
    find = {"sqlite": _in_sqlite, "postgresql": _in_postgresql}[connection.vendor]
    return Q(title__icontains=text) | Q(pk__in=find(phrases, owner_id, is_open=is_open))


def _phrases(text: str) -> Iterator[Phrase]:
    for quoted, bare in WORDS.findall(text)[:MOST_WORDS]:
        if words := tuple(re.findall(r"\w+", quoted or bare)[:MOST_WORDS]):
            yield words


def _in_sqlite(phrases: list[Phrase], owner_id: int, *, is_open: bool) -> RawSQL:
    wanted = [f'"{" ".join(words)}"' for words in phrases]
    if is_open:
        wanted[-1] += "*"
    match = f"owner : u{owner_id} AND content : ({' AND '.join(wanted)})"
    return RawSQL(IN_SQLITE, [match])  # noqa: S611 the words are a parameter


def _in_postgresql(phrases: list[Phrase], owner_id: int, *, is_open: bool) -> RawSQL:
    wanted = [[f"'{word}'" for word in words] for words in phrases]
    if is_open:
        wanted[-1][-1] += ":*"
    query = " & ".join(f"({' <-> '.join(words)})" for words in wanted)
    return RawSQL(IN_POSTGRESQL, [query, owner_id])  # noqa: S611 the words are parameters

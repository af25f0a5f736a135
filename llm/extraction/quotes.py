"""Words that must stand in the source: found whatever the spaces, quotation marks and code points are."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

SOURCE = "source"  # the key of the validation context under which the text stands
FORMAT = "quote"  # the format of a string that must stand in the source, in a JSON Schema
DESCRIPTION = "Copied word for word from the text."
MISSING = "These words do not stand in the text: copy them exactly"
EMPTY = "A quote may not be empty"
ALIKE = str.maketrans(
    {"’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}  # noqa: RUF001
    | {"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "..."}  # noqa: RUF001
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the source: `source[start:end]`. The offsets are None where no source was at hand."""

    text: str
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.union_schema(
            [core_schema.str_schema(), core_schema.dict_schema(core_schema.str_schema())]
        )
        return core_schema.with_info_after_validator_function(
            _placed,
            core_schema.union_schema([core_schema.is_instance_schema(cls), written]),
            serialization=core_schema.plain_serializer_function_ser_schema(_out),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "format": FORMAT, "description": DESCRIPTION}


def _placed(value: Any, info: ValidationInfo) -> Quote:
    text = value.text if isinstance(value, Quote) else value.get("text") if isinstance(value, dict) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError(EMPTY)
    context: Any = info.context
    source = context.get(SOURCE) if isinstance(context, Mapping) else None
    if source is None:
        if isinstance(value, dict):
            return Quote(text, value.get("start"), value.get("end"))
        return value if isinstance(value, Quote) else Quote(text)
    span = find(text, source)
    if span is None:
        raise ValueError(MISSING)
    return Quote(source[span[0] : span[1]], *span)


def _out(quote: Quote) -> dict[str, Any]:
    return {"text": quote.text, "start": quote.start, "end": quote.end}


def find(words: str, source: str) -> tuple[int, int] | None:
    """Return where the words stand in the source, exactly or in another spelling of the same, or None."""
    start = source.find(words)
    if start >= 0:
        return start, start + len(words)
    plain, places = _plain(source)
    wanted, _ = _plain(words)
    wanted = wanted.strip()
    at = plain.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if end == len(plain) or not unicodedata.combining(plain[end]):
            return places[at], places[end - 1] + 1
        at = plain.find(wanted, at + 1)
    return None


@lru_cache(maxsize=8)
def _plain(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the text with one spelling for what is alike, and where each of its characters came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isascii() and not char.isspace():
            letters.append(char)
            places.append(place)
            continue
        for letter in unicodedata.normalize("NFKD", char.translate(ALIKE)).translate(ALIKE):
            if letter.isspace() and letters and letters[-1] == " ":
                continue
            letters.append(" " if letter.isspace() else letter)
            places.append(place)
    return "".join(letters), tuple(places)

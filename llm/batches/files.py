"""Files of texts, CSV or JSONL: what stands in them, or the line that is wrong."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from llm.batches.columns import Columns
from llm.batches.texts import Text, Unusable
from llm.extraction.parsing import NotJSON, loads

MOST_BYTES = 16 * 1024 * 1024
MOST_COLUMNS = 200
CSV_ENDINGS, JSON_ENDINGS = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson", ".json")
DELIMITERS = ",;\t"

csv.field_size_limit(MOST_BYTES)  # the texts have a limit of their own, which is told in words


class Readable(Protocol):
    """An uploaded file, or any other."""

    def read(self, most: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The texts of a file and the names of its columns."""

    columns: Columns
    texts: Sequence[Text]


def read(file: Readable, name: str, column: str = "") -> Table:
    """Read a file by its name's ending, or by its look; `column` holds the texts. Raises Unusable."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unusable(
            _("The file is larger than %(most)s MB. Send it in parts.") % {"most": MOST_BYTES >> 20}
        )
    text = _decoded(content)
    return _json_lines(text, column) if _is_json(name.lower(), text) else _csv(text, column)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _wrong(line, _("It is not UTF-8. Save the file as “CSV UTF-8”, then send it again.")) from None


def _is_json(name: str, text: str) -> bool:
    if name.endswith(JSON_ENDINGS):
        return True
    return not name.endswith(CSV_ENDINGS) and text.lstrip()[:1] in ("{", "[")


def _csv(text: str, column: str) -> Table:
    rows = _rows(text)
    line, names = next(rows, (1, []))
    names = [name.strip() for name in names]
    if len(set(names)) < len(names):
        raise _wrong(line, _("Two columns have the same name."))
    if len(names) > MOST_COLUMNS:
        raise _wrong(line, _("There are more than %(most)s columns.") % {"most": MOST_COLUMNS})
    place = _chosen(names, column)
    texts = []
    for line, row in rows:
        if len(row) != len(names):
            said = _("It has %(found)s fields, and the first line names %(named)s columns.")
            raise _wrong(line, said % {"found": len(row), "named": len(names)})
        fields = {name: value for name, value in zip(names, row, strict=True) if name != names[place]}
        texts.append(Text(text=row[place], fields=fields, place=_line(line)))
    return Table(columns=Columns(names=tuple(names), text=place), texts=texts)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _wrong(line, _("It cannot be read as CSV: %(error)s.") % {"error": error}) from None
        if row:
            yield line, row
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """The one that the first line has most of, outside quotes."""
    outside = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _chosen(names: Sequence[str], column: str) -> int:
    """Return the place of the column that holds the texts."""
    if column:
        if column in names:
            return names.index(column)
        raise Unusable(
            _("There is no column %(name)s. %(columns)s") % {"name": column, "columns": _told(names)}
        )
    called = [place for place, name in enumerate(names) if name.lower() == "text"]
    if called or len(names) == 1:
        return called[0] if called else 0
    raise Unusable(_("Say which column holds the texts. %(columns)s") % {"columns": _told(names)})


def _told(names: Sequence[str]) -> str:
    return _("There are: %(names)s.") % {"names": ", ".join(name[:60] for name in names[:20]) or "none"}


def _json_lines(text: str, column: str) -> Table:
    names: dict[str, None] = {}
    texts = []
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        row = _row(line, written)
        if isinstance(row, str):
            texts.append(Text(text=row, place=_line(line)))
            continue
        key = column or "text"
        found = row.get(key)
        if not isinstance(found, str):
            raise _wrong(line, _("There is no text named %(name)s in it.") % {"name": json.dumps(key)})
        names.update(dict.fromkeys(row))
        fields = {name: value for name, value in row.items() if name != key}
        texts.append(Text(text=found, fields=fields, place=_line(line)))
    if len(names) > MOST_COLUMNS:
        raise Unusable(_("There are more than %(most)s names in it.") % {"most": MOST_COLUMNS})
    all_names = list(names) or ["text"]
    return Table(columns=Columns(names=tuple(all_names), text=all_names.index(column or "text")), texts=texts)


def _row(line: int, written: str) -> str | dict[str, Any]:
    try:
        row = loads(written.strip())
    except NotJSON as error:
        said = str(error).replace(" at line 1, column", " at column")  # the line is told already
        raise _wrong(line, _("It is not JSON: %(error)s") % {"error": said}) from None
    if isinstance(row, str | dict):
        return row
    raise _wrong(line, _("Each line is one JSON text or one JSON object."))


def _line(number: int) -> str:
    return _("Line %(number)s") % {"number": f"{number:,}"}


def _wrong(number: int, sentence: str) -> Unusable:
    return Unusable(f"{_line(number)}: {sentence}")

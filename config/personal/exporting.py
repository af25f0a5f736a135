"""All that the site knows of a person as a ZIP of JSON files, one a kind."""

import json
from collections.abc import Iterator
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.text import slugify

from config.personal.holdings import holdings
from llm.personal import Holding


class Encoder(DjangoJSONEncoder):
    """Writes bytes too, as the text that they are."""

    def default(self, o: Any) -> Any:
        if isinstance(o, bytes | memoryview):
            return bytes(o).decode(errors="replace")
        return super().default(o)


def export(user: User, file: IO[bytes]) -> None:
    """Write the archive; whatever its size, a thousand rows are in memory at a time."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        rows = {}
        for holding in holdings(user):
            name = f"{slugify(holding.name)}.json"
            with archive.open(name, "w") as entry:
                rows[name] = _write(holding, entry)
        about = {
            "person": user.get_username(),
            "exported_at": timezone.now(),
            "version": settings.VERSION,
            "rows": rows,
        }
        archive.writestr("about.json", json.dumps(about, cls=Encoder, indent=2, ensure_ascii=False))


def _write(holding: Holding, entry: IO[bytes]) -> int:
    count = 0
    for piece in _pieces(holding.exported()):
        entry.write(piece.encode())
        count += 1
    entry.write(b"\n]\n" if count else b"[]\n")
    return count


def _pieces(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield each row with what stands before it in the array."""
    for number, row in enumerate(rows):
        yield (",\n" if number else "[\n") + json.dumps(row, cls=Encoder, ensure_ascii=False)

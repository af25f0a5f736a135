"""`manage.py usage`: the ledger in the terminal."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from llm.amounts import plural
from llm.usage import Figures, Summary, WrongQuery, span, summary

OPERATOR = User(is_staff=True)  # who can run a command here can read the database anyway
FIGURES = ("calls", "errors", "cached", "tokens in", "tokens out", "cost")


class Command(BaseCommand):
    help = "Print what model calls used and cost: `usage --since 7d --by feature,model`. Times are UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", default="7d", help="24h, 7d, 30d or a date (default: 7d)")
        parser.add_argument("--until", default="", help="the same, itself not included (default: now)")
        parser.add_argument(
            "--by", default="feature,model", help="keys, comma-separated (default: %(default)s)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON as the API does")

    def handle(self, *, since: str, until: str, by: str, **options: Any) -> None:
        keys = [key.strip() for key in by.split(",") if key.strip()]
        try:
            start, end = span(since, until, now=datetime.now(UTC))
            found = summary(OPERATOR, since=start, until=end, by=keys)
        except WrongQuery as error:
            raise CommandError(error.sentence) from None
        except DatabaseError as error:
            raise CommandError(f"The ledger cannot be read: {error}. Run `manage.py prepare` once.") from None
        self.stdout.write(_as_json(found) if options["json"] else _as_text(found, start, end))


def _as_json(found: Summary) -> str:
    rows = [{**row.keys, **row.figures.as_json()} for row in found.rows]
    return json.dumps({"rows": rows, "total": found.total.as_json()}, indent=2, default=str)


def _as_text(found: Summary, start: datetime, end: datetime) -> str:
    names = list(found.rows[0].keys) if found.rows else []
    total = [["all", *[""] * (len(names) - 1)] if names else [], _cells(found.total)]
    lines = [[*names, *FIGURES]]
    lines += [[*(_word(value) for value in row.keys.values()), *_cells(row.figures)] for row in found.rows]
    lines.append(list(chain(*total)))
    said = [f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC", "", *_aligned(lines, len(names))]
    if found.total.unpriced_calls:
        unpriced = plural(found.total.unpriced_calls, "call")
        has = "has" if found.total.unpriced_calls == 1 else "have"
        said += ["", f"{unpriced} {has} no price: costs are the least they can be."]
    return "\n".join(said)


def _word(value: object) -> str:
    return "-" if value in (None, "") else str(value)


def _cells(figures: Figures) -> list[str]:
    counts = (
        figures.calls,
        figures.errors,
        figures.cached_calls,
        figures.input_tokens,
        figures.output_tokens,
    )
    return [*(f"{count:,}" for count in counts), figures.charge]


def _aligned(lines: list[list[str]], words: int) -> list[str]:
    """Words to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]

"""Many new rows by one statement, without a model's instance for each and the ORM's look at every value."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Model
from django.db.models.fields import Field
from django.db.models.fields.json import JSONField

type Values = Mapping[str, Any]

_AS_THEY_ARE: dict[str, frozenset[type]] = {  # what the driver writes as the ORM does
    "postgresql": frozenset((str, int, bool, type(None), uuid.UUID, datetime, Decimal)),
    "sqlite": frozenset((str, int, bool, type(None))),
}
_ONLY_NONE: frozenset[type] = frozenset((type(None),))


def insert(model: type[Model], rows: Sequence[Values]) -> None:
    """Insert new rows, if any, each with a value for every column; raises Django's database errors."""
    if not rows:
        return
    table = _table(model, connection.vendor)
    if connection.vendor != "postgresql":
        _execute(f"INSERT INTO {table.name} ({table.columns}) VALUES", table, rows)
        return
    copying = f"COPY {table.name} ({table.columns}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(copying) as copy:
        for row in table.prepared(rows):
            copy.write_row(row)


def upsert(model: type[Model], rows: Sequence[Values]) -> None:
    """Do the same, and overwrite rows whose primary keys are there; of equal keys the last one wins."""
    if not rows:
        return
    meta = model._meta  # noqa: SLF001 Django's documented way to ask for fields
    table = _table(model, connection.vendor)
    name = connection.ops.quote_name
    others = [name(str(field.column)) for field in meta.concrete_fields if not field.primary_key]
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in others)
    conflict = f"ON CONFLICT ({name(str(meta.pk.column))}) DO UPDATE SET {changes}"
    _execute(f"INSERT INTO {table.name} ({table.columns}) VALUES", table, rows, conflict)


def _execute(statement: str, table: "_Table", rows: Sequence[Values], end: str = "") -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.executemany(f"{statement} ({table.marks}) {end}", table.prepared(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """What statements say of a table, and how the values of its columns are written."""

    name: str
    columns: str
    marks: str
    prepare: tuple[tuple[str, frozenset[type], Callable[[Any], Any]], ...]

    def prepared(self, rows: Sequence[Values]) -> list[list[Any]]:
        """Return the values of each row in the order of the columns, as the driver takes them."""
        prepare = self.prepare
        return [
            [value if type(value := row[name]) in plain else ready(value) for name, plain, ready in prepare]
            for row in rows
        ]


@cache
def _table(model: type[Model], vendor: str) -> _Table:
    fields = model._meta.concrete_fields  # noqa: SLF001 the same
    name = connection.ops.quote_name
    return _Table(
        name=name(model._meta.db_table),  # noqa: SLF001 the same
        columns=", ".join(name(str(field.column)) for field in fields),
        marks=", ".join("%s" for _ in fields),
        prepare=tuple((field.attname, *_preparing(field, vendor)) for field in fields),
    )


def _preparing(field: "Field[Any, Any]", vendor: str) -> tuple[frozenset[type], Callable[[Any], Any]]:
    """Return which values of a field the driver takes as they are, and what makes the others fit."""
    if isinstance(field, JSONField):
        return _ONLY_NONE, lambda value: msgspec.json.encode(value).decode()
    return _AS_THEY_ARE[vendor], lambda value: field.get_db_prep_save(value, connection)

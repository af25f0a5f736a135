"""Many new rows by one statement, without a model's instance for each and the ORM's look at every value."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
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
    fields = model._meta.concrete_fields  # noqa: SLF001 Django's documented way to ask for fields
    table, columns = _named(model, fields)
    if connection.vendor != "postgresql":
        _execute(f"INSERT INTO {table} ({columns}) VALUES", fields, rows)
        return
    copying = f"COPY {table} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(copying) as copy:
        for row in _prepared(fields, rows):
            copy.write_row(row)


def upsert(model: type[Model], rows: Sequence[Values]) -> None:
    """Do the same, and overwrite rows whose primary keys are there; of equal keys the last one wins."""
    if not rows:
        return
    meta = model._meta  # noqa: SLF001 the same
    table, columns = _named(model, meta.concrete_fields)
    name = connection.ops.quote_name
    others = [name(str(field.column)) for field in meta.concrete_fields if not field.primary_key]
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in others)
    conflict = f"ON CONFLICT ({name(str(meta.pk.column))}) DO UPDATE SET {changes}"
    _execute(f"INSERT INTO {table} ({columns}) VALUES", meta.concrete_fields, rows, conflict)


def _named(model: type[Model], fields: "Sequence[Field[Any, Any]]") -> tuple[str, str]:
    name = connection.ops.quote_name
    return name(model._meta.db_table), ", ".join(name(str(field.column)) for field in fields)  # noqa: SLF001


def _execute(
    statement: str, fields: "Sequence[Field[Any, Any]]", rows: Sequence[Values], end: str = ""
) -> None:
    marks = ", ".join("%s" for _ in fields)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.executemany(f"{statement} ({marks}) {end}", _prepared(fields, rows))


def _prepared(fields: "Sequence[Field[Any, Any]]", rows: Sequence[Values]) -> list[list[Any]]:
    """Return the values of each row in the order of the fields, as the driver takes them."""
    prepare = [(field.attname, *_preparing(field)) for field in fields]
    return [
        [value if type(value := row[name]) in plain else ready(value) for name, plain, ready in prepare]
        for row in rows
    ]


def _preparing(field: "Field[Any, Any]") -> tuple[frozenset[type], Callable[[Any], Any]]:
    """Return which values of a field the driver takes as they are, and what makes the others fit."""
    if isinstance(field, JSONField):
        return _ONLY_NONE, lambda value: msgspec.json.encode(value).decode()
    return _AS_THEY_ARE[connection.vendor], lambda value: field.get_db_prep_save(value, connection)

"""Many new rows by one statement. The ORM's own way compiles every value of every row."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, if any, each with all its values; raises Django's database errors."""
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001 Django's documented way to ask for fields
    fields = meta.concrete_fields
    name = connection.ops.quote_name
    table, columns = name(meta.db_table), ", ".join(name(str(field.column)) for field in fields)
    prepared = [(field.attname, field.get_db_prep_save) for field in fields]
    values = [
        [prepare(getattr(row, attribute), connection) for attribute, prepare in prepared] for row in rows
    ]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join("%s" for _ in fields)
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608

"""A workload in a process and on a database of its own; its argument is JSON: `vendor`, and what it needs."""

import contextlib
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg import sql

POSTGRES = "postgres://root@127.0.0.1:5432"

type Work = Callable[..., dict[str, Any]]


def run(work: Work) -> None:
    """Do the work on empty tables, and print its report or why there is none."""
    options = json.loads(sys.argv[1])
    try:
        with database(options.pop("vendor")) as url, tables(url):
            report = work(**options)
    except psycopg.OperationalError as error:
        report = {"without": f"no figures: PostgreSQL does not answer ({error.__class__.__name__})"}
    print(json.dumps(report), flush=True)


@contextlib.contextmanager
def database(vendor: str) -> Iterator[str]:
    """Make a database of its own; yields its URL."""
    if vendor == "SQLite":
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    name = f"parley_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=3) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def tables(url: str) -> Iterator[None]:
    """Set Django up on a database and make its tables."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings", "PARLEY_ENV_FILE": "", "DATABASE_URL": url,
        "SECRET_KEY": "only-for-benchmarks",
    }  # fmt: skip
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    try:
        yield
    finally:
        connections.close_all()

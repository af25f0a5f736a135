"""Book rows as fast as they become durable, and print the rate. Its argument is JSON: `vendor`, `seconds`."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

CALLERS = 256  # answers that end at about the same time
POSTGRES = "postgres://root@127.0.0.1:5432"


@contextlib.contextmanager
def database(vendor: str) -> Iterator[str]:
    """Make a database of its own; yields its URL."""
    if vendor == "SQLite":
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            yield f"sqlite:///{folder}/ledger.sqlite3"
        return
    name = f"parley_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=3) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def book(seconds: float) -> dict[str, Any]:
    """Let many callers book one row after another, each waiting until its own is durable."""
    from llm import ledger, runloop
    from llm.entry import Entry
    from llm.types import Message, Reply, Request, Usage

    runloop.adopt()
    messages = (Message(role="user", content="A question of some length. " * 8),)
    usage = Usage(input_tokens=60, output_tokens=100)
    reply = Reply(text="An answer of some length. " * 16, model="openai:bench", finish="stop", usage=usage)
    count, end = 0, time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() < end:
            request = Request(messages=messages, model="openai:bench")
            await ledger.write(Entry(request=request, reply=reply, outcome="ok", error=""))
            count += 1

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    rate = count / (time.perf_counter() - begun)
    await runloop.close()
    return {"rate": rate, "rows": count}


def main(vendor: str, seconds: float) -> dict[str, Any]:
    """Make the tables, book, and check that every row is there."""
    try:
        with database(vendor) as url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.settings", "PARLEY_ENV_FILE": "", "DATABASE_URL": url,
                "SECRET_KEY": "only-for-benchmarks",
            }  # fmt: skip
            import django
            from django.core.management import call_command
            from django.db import connections

            django.setup()
            call_command("migrate", verbosity=0)
            report = asyncio.run(book(seconds))
            from llm.models import Call

            report["kept"] = Call.objects.count()
            connections.close_all()
            return report
    except psycopg.OperationalError as error:
        return {"without": f"no figures: PostgreSQL does not answer ({error.__class__.__name__})"}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))), flush=True)

"""Database connections are lent for work, not for the time that a request waits."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dj_database_url
import pytest
from django.db import connections, transaction
from pytest_django.plugin import DjangoDbBlocker

from llm import lending, runloop

pytestmark = pytest.mark.postgres


@pytest.fixture
def pooled(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a database whose pool has one connection and lets nobody wait for it."""
    url = f"postgres://root:{os.environ.get('PGPASSWORD', '')}@127.0.0.1:5432/postgres"
    pool = {"min_size": 0, "max_size": 1, "timeout": 0.5}
    connections.settings["pooled"] = {
        **connections.settings["default"],
        **dj_database_url.parse(url),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": pool},
    }
    with django_db_blocker.unblock():
        yield "pooled"
    connection: Any = connections["pooled"]
    connection.close()
    connection.close_pool()
    del connections["pooled"], connections.settings["pooled"]


def ask(database: str) -> int:
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT 7")
        return int(cursor.fetchone()[0])


def test_requests_that_wait_hold_no_connection(pooled: str) -> None:
    threads: list[ThreadPoolExecutor] = [lending.Thread() for _ in range(3)]
    for _ in range(2):
        assert [thread.submit(ask, pooled).result() for thread in threads] == [7] * 3
    for thread in threads:
        thread.shutdown()


async def nothing() -> None: ...


def test_who_waits_for_the_loop_holds_none_either(pooled: str) -> None:
    other = lending.Thread()
    assert ask(pooled) == 7
    runloop.wait(nothing())
    assert other.submit(ask, pooled).result() == 7
    other.shutdown()


def test_a_transaction_keeps_its_connection(pooled: str) -> None:
    with transaction.atomic(using=pooled):
        assert ask(pooled) == 7
        runloop.wait(nothing())
        assert ask(pooled) == 7
        assert connections[pooled].in_atomic_block

"""Chats of several processes: on SQLite without Redis, and on PostgreSQL with it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests import settings
from tests.services.chat_site import Site, name_of_a_database
from tests.services.people import Program
from tests.wire import WireServer

POSTGRES = "postgres://root@127.0.0.1:5432/"
REDIS = settings.process_redis
MANY = pytest.param("many", marks=[pytest.mark.postgres, pytest.mark.redis])


@contextmanager
def _database(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if kind == "one":
        yield f"sqlite:///{tmp_path_factory.mktemp('chat')}/parley.sqlite3"
        return
    name = name_of_a_database()
    with psycopg.connect(f"{POSTGRES}postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES}{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", params=["one", MANY])
def chat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A database and a model; the test starts the processes, and ends them."""
    redis = "" if request.param == "one" else REDIS
    with _database(request.param, tmp_path_factory) as database, WireServer() as wire:
        site = Site(database=database, redis=redis, wire=wire)
        site.make()
        yield site
        site.close()


@pytest.fixture
def alice(chat: Site) -> Iterator[Program]:
    yield Program(chat)
    chat.wire.forget()

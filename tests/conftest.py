"""Three people (Alice owns, Bob shares nothing with her, Carol administers) and one event loop."""

from collections.abc import Iterator

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import User
from django.db import connections
from redis import Redis

from tests import machine, settings
from tests.wire import wire

__all__ = ["wire"]

pytest_plugins = ["llm.testing.plugin"]

_left_out = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-marker", action="store_true", help="fail if a marked test cannot run on this machine"
    )

    parser.addoption(
        "--database-only", action="store_true", help="leave out the tests that are alike on every database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("database_only"):
        alike = [item for item in items if not machine.meets_the_database(item)]
        config.hook.pytest_deselected(items=alike)
        items[:] = [item for item in items if machine.meets_the_database(item)]
    config.stash[_left_out] = machine.select(config, items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for marker, count in config.stash.get(_left_out, {}).items():
        terminalreporter.write_line(f"{count} tests did not run: {marker}", yellow=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file instead of memory: the ledger and the chat log write from threads of their own."""
    if connections["default"].vendor == "sqlite":
        connections["default"].settings_dict["TEST"]["NAME"] = str(settings.scratch / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def _connections(django_db_setup: None) -> Iterator[None]:
    """The thread in which async code uses the ORM outlives the tests; its connection must not."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def _empty_redis() -> Iterator[None]:
    """No test finds limits that another has used, or calls that it left in flight."""
    yield
    if settings.redis:
        with Redis.from_url(settings.redis) as shared:
            shared.flushdb()


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="alice's password")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="bob's password")


@pytest.fixture
def carol(db: None) -> User:
    return User.objects.create_superuser("carol", password="carol's password")

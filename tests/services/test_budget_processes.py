"""A budget of $5, among roomier ones, that real processes spend in calls of $0.10; one of them is killed."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

POSTGRES = "postgres://root@127.0.0.1:5432/"
MAKE = """
from llm.models import Budget
Budget.objects.create(scope="feature", feature="chat", period="day", limit=500)
Budget.objects.create(scope="everything", period="total", limit=5)
Budget.objects.create(scope="everything", period="month", limit=1000)
"""
COUNT = """
import json
from django.db.models import Sum
from llm.models import Alert, BudgetEntry, BudgetPeriod
row = BudgetPeriod.objects.get(budget__period="total")
count = {state: row.entries.filter(state=state).count() for state in BudgetEntry.State.values}
paid = row.entries.aggregate(sum=Sum("settled_nano"))["sum"]
print(json.dumps(count | {"taken": f"{row.reserved:.9f}", "spent": f"{row.spent:.9f}",
                          "paid": paid, "alerts": Alert.objects.count()}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A database of its own and the processes that use it."""

    database: str

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def count(self) -> dict[str, object]:
        counted: dict[str, object] = json.loads(self.manage("shell", "--no-imports", "-c", COUNT))
        return counted

    def child(self, *words: str) -> subprocess.Popen[str]:
        """Start a process that spends; it waits for `go`."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.services.budget_child", *words],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "SECRET_KEY": "only-for-tests",
        }


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def ready(*children: subprocess.Popen[str]) -> None:
    """Wait until children are up, so that they begin together."""
    for child in children:
        assert _line(child) == "ready"


def go(*children: subprocess.Popen[str]) -> None:
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()


def granted(*children: subprocess.Popen[str]) -> int:
    """Wait for the children to end and return how many calls they were granted together."""
    return sum(int(child.communicate(timeout=60)[0]) for child in children)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    make: Callable[[Path], Iterator[str]] = {"sqlite": _sqlite, "postgres": _postgres}[request.param]
    for database in make(tmp_path):
        site = Site(database=database)
        site.manage("migrate", "--verbosity", "0")
        site.manage("shell", "--no-imports", "-c", MAKE)
        yield site


def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder}/parley.sqlite3"


def _postgres(_: Path) -> Iterator[str]:
    name = f"parley_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{POSTGRES}postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES}{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_four_processes_with_a_thousand_calls_are_granted_exactly_fifty(site: Site) -> None:
    children = [site.child("settle", "250") for _ in range(4)]
    ready(*children)
    go(*children)
    assert granted(*children) == 50
    end = site.count()
    assert (end["settled"], end["reserved"]) == (50, 0)
    assert (end["spent"], end["paid"], end["taken"]) == ("5.000000000", 5 * 10**9, "0.000000000")
    assert end["alerts"] == 3


def test_what_a_killed_process_held_expires_and_never_more_than_fifty_are_granted(site: Site) -> None:
    victim = site.child("drip", "0")
    others = [site.child("settle", "250") for _ in range(3)]
    ready(victim, *others)
    go(victim)
    assert [_line(victim) for _ in range(10)] == ["granted"] * 10
    go(*others)  # and the victim goes on, until it dies in the middle of its work
    victim.kill()
    victim.communicate()
    lived = granted(*others)

    after = site.count()
    held = after["reserved"]
    assert isinstance(held, int)
    assert held >= 10
    assert lived + held == 50
    assert (after["settled"], after["paid"]) == (lived, lived * 10**8)

    late = site.child("settle", "100", "3600")  # an hour later the dead hold nothing
    ready(late)
    go(late)
    assert granted(late) == held
    end = site.count()
    assert (end["spent"], end["taken"], end["expired"]) == ("5.000000000", "0.000000000", held)

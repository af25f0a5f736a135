"""What this machine has of what marked tests need; pytest says at its end what could not run, and why."""

import importlib.util
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVICES = Path(__file__).parent / "services"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What the tests of a marker need, and what to do where it is missing."""

    marker: str
    met: Callable[[], bool]
    advice: str


NEEDS = (
    Need(marker="browser", met=lambda: CHROMIUM is not None, advice="install the package chromium"),
    Need(
        marker="local_model",
        met=lambda: importlib.util.find_spec("xllamacpp") is not None,
        advice="this machine has no wheel of xllamacpp",
    ),
    Need(marker="postgres", met=lambda: _answers(5432), advice="start PostgreSQL on 127.0.0.1:5432"),
    Need(marker="redis", met=lambda: _answers(6379), advice="start Redis on 127.0.0.1:6379"),
)


def select(config: pytest.Config, items: list[pytest.Item]) -> dict[str, int]:
    """Take out the tests that cannot run here; returns how many of which marker. In CI that is an error."""
    left_out: dict[str, int] = {}
    for need in NEEDS:
        marked = [item for item in items if item.get_closest_marker(need.marker)]
        if not marked or need.met():
            continue
        if config.getoption("every_marker"):
            raise pytest.UsageError(f"{len(marked)} tests marked {need.marker} cannot run: {need.advice}.")
        left_out[f"{need.marker} ({need.advice})"] = len(marked)
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]
    return left_out


def meets_the_database(item: pytest.Item) -> bool:
    """Whether what a test shows may depend on the database; those that start processes bring their own."""
    used = set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") is not None
    return marked or bool(used & {"db", "transactional_db"}) or SERVICES in item.path.parents

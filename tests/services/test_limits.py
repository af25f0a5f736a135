"""A limit that three processes share lets through what it says, and not one more."""

import subprocess
import sys
import uuid

import pytest
from django.conf import settings

from tests.services.callers import REDIS

pytestmark = pytest.mark.redis


def child(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services.limits_child", REDIS, *words],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("kind", ["quota", "throttle"])
def test_three_processes_are_let_through_exactly_as_often_as_the_limit_says(kind: str) -> None:
    who = uuid.uuid4().hex  # a key, or a provider, that nobody has used
    children = [child(kind, who, "100") for _ in range(3)]
    for one in children:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in children:  # all of them, before one is waited for
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    granted = [int(one.communicate(timeout=60)[0]) for one in children]
    assert sum(granted) == 60

"""A database with runs of agents, and the model that they ask."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from django.conf import settings

from tests.wire import Answer, Seen, WireServer, text, tool_call

START = """
from django.contrib.auth.models import User
from llm.agents import service
alice, _ = User.objects.get_or_create(username="alice")
for goal in {goals!r}:
    service.start(alice, service.Order(goal=goal))
"""
TURNS = (
    tool_call("calculate", expression="37 * 43"),
    tool_call("order", article="paper"),
    text("37 * 43 is 1591, and it is ordered."),
)


class ShopModel(WireServer):
    """Calculates, then orders, then answers: by what it is shown, so that it says the same when asked again.

    `asked` counts the questions by goal and turn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[tuple[str, int]] = Counter()
        self.always(text("replaced by the turn"))

    async def _answer(self, request: web.Request, seen: Seen, answer: Answer) -> web.StreamResponse:
        messages = seen.body["messages"]
        goal = next(one["content"] for one in messages if one["role"] == "user")
        turn = sum(one["role"] == "tool" for one in messages)
        self.asked[goal, turn] += 1
        return await super()._answer(request, seen, TURNS[turn])


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaths:
    """How runs ended whose workers died: what was ordered, by key, and the runs that met their death."""

    runs: list[dict[str, Any]]
    orders: list[str]
    died: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSite:
    """A database of its own, and the processes that use it."""

    database: str
    model: ShopModel

    def make(self) -> None:
        """Make the tables."""
        self.python("manage.py", "migrate", "--verbosity=0")

    def start(self, goals: list[str]) -> None:
        """Start runs as the site does, so that its workers hear of them."""
        self.python("manage.py", "shell", "--no-imports", "-c", START.format(goals=goals))

    def deaths(self, goals: list[str], directory: Path) -> list[Deaths]:
        """Let workers die where goals say; returns what came of it with one worker, and with two."""
        printed = self.python("-m", "tests.services.agent_child", str(directory), *goals)
        return [Deaths(**json.loads(line)) for line in printed.splitlines()]

    def python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "SECRET_KEY": "only-for-tests",
            "OPENAI_API_KEY": "scripted",
            "OPENAI_BASE_URL": self.model.openai_url,
            "PARLEY_MODELS": "openai:gpt-5.6-luna",
            "PARLEY_RATE": "100000/minute",
            "PARLEY_QUOTA": "100000/minute",
        }

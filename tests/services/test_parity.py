"""What the providers were asked and what the ledger says are the same, row for row, whatever went wrong."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

import llm
from config.environment import Environment
from llm import client, runloop
from llm.budgets.desk import Desk
from llm.client import Client, site_layers
from llm.errors import LLMError
from llm.layers.cache import Cache
from llm.layers.retry import Retry
from llm.models import Call
from llm.providers import build
from llm.replies import Replies
from llm.types import Delta, Emit, Message, Reply, Request, discard
from tests.llm.layers.fakes import Collected
from tests.services.callers import Caller, CallingSite, in_file, postgres, site_of
from tests.services.planned import Plan, PlannedServer, random_plan

CALLS = 240
AT_ONCE = 40


@pytest.fixture
def server() -> Iterator[PlannedServer]:
    with PlannedServer() as server:
        yield server


async def at_once(_: float) -> None:
    """Wait for nothing: retries are tried, not their back-off."""


async def begin(site: Environment) -> Cache:
    """Make the process's client with the layers of a site, but for the time between two attempts."""
    replies, desk = Replies(), Desk()
    runloop.on_close(replies.close)
    runloop.on_close(desk.close)
    layers = site_layers(site, replies, desk)
    layers[[isinstance(layer, Retry) for layer in layers].index(True)] = Retry(sleep=at_once)
    client.use(Client(build(site), *layers))
    return next(layer for layer in layers if isinstance(layer, Cache))


@pytest.fixture
async def cache(server: PlannedServer) -> Cache:
    """The cache of a site that asks the server."""
    return await runloop.join(
        begin(
            Environment(
                openai_base_url=server.openai_url,
                openai_api_key="sk-scripted",
                anthropic_base_url=server.anthropic_url,
                anthropic_api_key="sk-scripted",
                parley_models="openai:gpt-5.6-luna,anthropic:claude-haiku-5-5",
                parley_rate="100000/minute",
            )
        )
    )


def asks(plan: Plan, **values: Any) -> Request:
    """Return the plan's question; the feature tells the rows of one plan from those of the others."""
    return Request(messages=(Message(role="user", content=plan.question),), feature=plan.id, **values)


class Load:
    """Calls of every kind at the same time; counts the answers that came from the cache."""

    def __init__(self, upstream: PlannedServer, seed: int) -> None:
        self.upstream = upstream
        self.dice = Random(seed)  # noqa: S311 the same calls each time
        self.hits: Counter[str] = Counter()
        self.drained: set[str] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self, calls: int) -> None:
        kinds = [self.asked, self.asked, self.asked, self.asked_by_many, self.stopped, self.left_to_drain]
        chosen = self.dice.choices(kinds, k=calls) + [self.too_late] * 5
        async with asyncio.TaskGroup() as group:
            for kind in chosen:
                group.create_task(self._placed(kind, random_plan(self.dice)))

    async def asked(self, plan: Plan) -> None:
        """Ask, and ask again: the second finds the reply of the first, or fails in its own way."""
        for emit in (self._reader(), self._reader()):
            await self._answer(plan, emit)

    async def asked_by_many(self, plan: Plan) -> None:
        await asyncio.gather(*(self._answer(plan, self._reader()) for _ in range(self.dice.randint(2, 6))))

    async def stopped(self, plan: Plan) -> None:
        """Leave in the middle of an answer, after a failed attempt perhaps."""
        before = ("overloaded",) if self.dice.random() < 0.3 else ()
        await self._left(Plan(openai=(*before, "held"), anthropic=("held",), id=plan.id))

    async def left_to_drain(self, plan: Plan) -> None:
        plan = Plan(openai=("held",), id=plan.id)
        self.drained.add(plan.id)
        await self._left(plan, drain=True)
        self.upstream.open(plan)

    async def too_late(self, plan: Plan) -> None:
        """Be asked by somebody who has no time for a model that says nothing."""
        with pytest.raises(LLMError):
            await llm.run(asks(Plan(openai=("hangs",), id=plan.id), deadline=3))

    def _reader(self) -> Emit:
        return Collected() if self.dice.random() < 0.5 else discard

    async def _placed(self, kind: Any, plan: Plan) -> None:
        async with self._places:
            await kind(plan)

    async def _answer(self, plan: Plan, emit: Emit) -> Reply | None:
        with suppress(LLMError):
            reply = await llm.run(asks(plan), emit)
            self.hits[plan.id] += reply.cached
            return reply
        return None

    async def _left(self, plan: Plan, **values: Any) -> None:
        begun = asyncio.Event()

        async def emit(_: Delta) -> None:
            begun.set()

        call = asyncio.create_task(llm.run(asks(plan, **values), emit))
        seen = asyncio.create_task(begun.wait())
        await asyncio.wait([call, seen], return_when=asyncio.FIRST_COMPLETED)
        for task in (call, seen):
            task.cancel()
        await asyncio.wait([call, seen])
        call.cancelled() or call.exception()

    def expected(self) -> Counter[tuple[str, str, str]]:
        """Return plan, provider and outcome of each attempt that the providers saw."""
        return Counter(
            (
                attempt.plan,
                attempt.provider,
                "ok" if attempt.plan in self.drained and attempt.answer == "held" else attempt.outcome,
            )
            for attempt in self.upstream.attempts
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_ledger_has_a_row_for_every_attempt_and_every_hit_and_no_other(
    server: PlannedServer, cache: Cache, seed: int
) -> None:
    load = Load(server, seed)
    await load.run(CALLS)
    await server.until(lambda: not cache._drains)
    rows = [row async for row in Call.objects.all()]
    booked = Counter((row.feature, row.provider, row.outcome) for row in rows if not row.cached)
    assert booked == load.expected()
    assert Counter(row.feature for row in rows if row.cached) == +load.hits
    told = {attempt.upstream_id for attempt in server.attempts if attempt.answer == "ok"}
    assert {row.upstream_id for row in rows if row.outcome == "ok" and not row.cached} >= told
    seen = Counter(row.outcome for row in rows if not row.cached)
    assert {"ok", "stopped", "rate_limited", "unavailable", "invalid", "timed_out"} <= set(seen)
    assert {row.provider for row in rows} == {"openai", "anthropic"}
    assert load.hits.total() > 50


ROWS = """
import json
from llm.models import Call
print(json.dumps(list(Call.objects.values_list("feature", "provider", "outcome"))))
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path: Path, server: PlannedServer) -> Iterator[CallingSite]:
    """A site without Redis, whose processes ask the planned server."""
    database = postgres() if request.param == "postgres" else nullcontext(in_file(tmp_path))
    with database as address:
        yield site_of(address, server.openai_url, redis="", more={"ANTHROPIC_BASE_URL": server.anthropic_url})


def test_a_kill_loses_no_row_of_a_call_that_was_answered(site: CallingSite, server: PlannedServer) -> None:
    dice = Random(3)  # noqa: S311 the same calls each time
    held = [Plan(openai=("held",))] * 10  # first, so that these at least are under way
    plans = dict(enumerate(held + [random_plan(dice) for _ in range(200)]))
    victim = Caller(site.environment)
    victim.ready()
    for number, plan in plans.items():
        victim.order(id=number, text=plan.question, feature=plan.id, streamed=number % 2 == 0)
    victim.hear(lambda one: len(one.answers()) >= 60)
    victim.kill()
    answered = {plans[answer["id"]].id for answer in victim.answers()}
    assert 60 <= len(answered) < len(plans)
    rows = Counter(map(tuple, site.shell(ROWS)))
    asked = Counter((attempt.plan, attempt.provider, attempt.outcome) for attempt in server.attempts)
    lost = asked - rows
    assert not rows - asked
    assert lost
    assert not answered & {plan for plan, _, _ in lost}

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from llm.entry import Entry
from llm.errors import Unavailable
from llm.layers.cache import Cache
from llm.layers.degrade import Degrade
from llm.layers.retry import Retry
from llm.models import CachedReply
from llm.replies import Replies
from llm.types import CachePolicy, Delta, Emit, Owner, Reply, Request, discard
from tests.llm.layers.fakes import Collected, Held, Script, answer, ask, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def replies() -> AsyncIterator[Replies]:
    kept = Replies()
    yield kept
    await kept.close()


@pytest.fixture
def booked() -> list[Entry]:
    return []


@pytest.fixture
def cache(replies: Replies, booked: list[Entry]) -> Cache:
    async def book(entry: Entry) -> None:
        booked.append(entry)

    return Cache(replies, book, ttl=86_400)


async def test_an_equal_request_is_answered_without_the_model(cache: Cache, booked: list[Entry]) -> None:
    script, reader = Script([["Hi", " there"]]), Collected()
    await cache(ask(), discard, script)
    again = await cache(ask(), reader, script)
    assert (again.text, again.cached, again.cost, reader.text, script.calls) == (
        "Hi there",
        True,
        Decimal(0),
        "Hi there",
        1,
    )
    assert [entry.reply.cached for entry in booked] == [True]


async def test_a_reply_outlives_the_process(cache: Cache, replies: Replies, booked: list[Entry]) -> None:
    await cache(ask(), discard, Script([["Hi"]]))
    await replies.flush()
    other = Cache(Replies(), cache.book, ttl=86_400)
    reply = await other(ask(), discard, Script([Unavailable()]))
    assert (reply.text, reply.cached) == ("Hi", True)
    await other.replies.close()


async def test_one_owner_never_gets_anothers_reply(cache: Cache) -> None:
    script = Script([["For Alice"], ["For Bob"]])
    await cache(ask(owner=Owner(user_id=1)), discard, script)
    reply = await cache(ask(owner=Owner(user_id=2)), discard, script)
    assert reply.text == "For Bob"


async def test_regenerate_asks_anew_and_refreshes(cache: Cache) -> None:
    script = Script([["old"], ["new"]])
    await cache(ask(), discard, script)
    fresh = await cache(ask(cache=CachePolicy(read=False)), discard, script)
    kept = await cache(ask(), discard, script)
    assert (fresh.text, kept.text, kept.cached, script.calls) == ("new", "new", True, 2)


async def test_ttl_0_is_off(cache: Cache) -> None:
    script = Script([["one"], ["two"]])
    for _ in range(2):
        await cache(ask(cache=CachePolicy(ttl=0)), discard, script)
    assert script.calls == 2
    assert not await CachedReply.objects.aexists()


@pytest.mark.parametrize(
    "reply",
    [replace(answer("cut off"), finish="length"), answer("not accepted")],
    ids=["truncated", "not accepted"],
)
async def test_only_whole_and_accepted_replies_are_kept(cache: Cache, reply: Reply) -> None:
    calls = 0

    async def model(request: Request, emit: Emit) -> Reply:
        nonlocal calls
        calls += 1
        return reply

    for _ in range(2):
        await cache(ask(accept=lambda whole: whole.text != "not accepted"), discard, model)
    assert calls == 2


async def test_a_failure_is_not_kept(cache: Cache) -> None:
    script = Script([Unavailable(), ["Hi"]])
    with pytest.raises(Unavailable):
        await cache(ask(), discard, script)
    assert (await cache(ask(), discard, script)).text == "Hi"


async def test_a_hundred_equal_cold_requests_make_one_call(cache: Cache, booked: list[Entry]) -> None:
    held = Held("a", "b", "c")
    readers = [Collected() if n % 2 else discard for n in range(100)]
    tasks = [asyncio.create_task(cache(ask(), reader, held)) for reader in readers]
    await until(lambda: len(cache.flights) == 1)
    held.release(4)
    replies = await asyncio.gather(*tasks)
    assert held.calls == 1
    assert {reply.text for reply in replies} == {"abc"}
    assert {reader.text for reader in readers if isinstance(reader, Collected)} == {"abc"}
    assert sum(reply.cached for reply in replies) == len(booked) == 99
    assert not cache.flights


async def test_what_nobody_saw_in_part_is_retried_and_nothing_is_spliced(cache: Cache) -> None:
    held = Held("half")
    attempts = 0

    async def breaks_once(request: Request, emit: Emit) -> Reply:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await held(request, emit)
            raise Unavailable
        await emit(Delta(text="whole"))
        return answer("whole")

    async def no_time(_: float) -> None: ...

    async def retried(request: Request, emit: Emit) -> Reply:
        return await Retry(sleep=no_time)(request, emit, breaks_once)

    first = asyncio.create_task(cache(ask(), discard, retried))
    held.release(1)
    await until(lambda: attempts == 1)
    late = Collected()
    held.release(1)
    await until(lambda: attempts == 2)
    second = asyncio.create_task(cache(ask(), late, retried))
    assert (await first).text == (await second).text == late.text == "whole"


async def test_a_stale_reply_stands_in_when_no_model_can_answer(cache: Cache, replies: Replies) -> None:
    await cache(ask(), discard, Script([["yesterday's"]]))
    await replies.flush()
    await CachedReply.objects.aupdate(expires_at="2020-01-01T00:00:00Z")
    cold = Replies()
    degrade, reader = Degrade(cold, lambda request: [request.model or ""]), Collected()
    down = Script([Unavailable()])
    reply = await degrade(ask(cache=CachePolicy(stale=True)), reader, down)
    assert (reply.text, reply.cached, reader.text) == ("yesterday's", True, "yesterday's")
    with pytest.raises(Unavailable):
        await degrade(ask(), reader, down)
    await cold.close()

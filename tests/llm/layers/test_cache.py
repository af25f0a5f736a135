import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from llm.client import stack
from llm.entry import Entry
from llm.errors import DeadlinePassed, Unavailable
from llm.layers.cache import Cache
from llm.layers.degrade import Degrade
from llm.layers.fallback import Fallback
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


@pytest.mark.parametrize("ttl", [None, 0], ids=["cached", "not cached"])
@pytest.mark.parametrize("read", [True, False], ids=["", "regenerated"])
async def test_a_call_that_drains_goes_on_without_its_reader(
    cache: Cache, ttl: int | None, read: bool
) -> None:
    held, reader = Held("a", "b"), Collected()
    policy = CachePolicy(ttl=ttl, read=read)
    task = asyncio.create_task(cache(ask(drain=True, cache=policy), reader, held))
    held.release(1)
    await until(lambda: reader.text == "a")
    task.cancel()
    await asyncio.wait([task])
    assert not held.cancelled
    held.release(2)
    await until(lambda: not cache._drains)
    again = await cache(ask(cache=CachePolicy(ttl=ttl)), discard, Script([["anew"]]))
    assert again.text == ("ab" if ttl is None else "anew")


async def test_a_reader_who_drains_keeps_anothers_call_alive(cache: Cache) -> None:
    held = Held("a")
    first = asyncio.create_task(cache(ask(), discard, held))
    await until(lambda: held.calls == 1)
    second = asyncio.create_task(cache(ask(drain=True), discard, held))
    await until(lambda: len(cache._drains) == 1)
    for task in (first, second):
        task.cancel()
    await asyncio.wait([first, second])
    assert not held.cancelled
    await cache.close()


async def test_the_end_of_the_process_stops_what_drains(cache: Cache) -> None:
    held = Held("a")
    task = asyncio.create_task(cache(ask(drain=True), discard, held))
    await until(lambda: held.calls == 1)
    task.cancel()
    await asyncio.wait([task])
    await cache.close()
    assert held.cancelled
    assert not cache.flights


async def test_a_failure_that_nobody_waited_for_is_quiet(cache: Cache) -> None:
    go = asyncio.Event()

    async def fails(request: Request, emit: Emit) -> Reply:
        await go.wait()
        raise Unavailable

    task = asyncio.create_task(cache(ask(drain=True), discard, fails))
    await until(lambda: len(cache._drains) == 1)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    go.set()
    await until(lambda: not cache._drains)


async def test_who_asks_while_a_call_is_being_stopped_gets_a_call_of_its_own(cache: Cache) -> None:
    booked, calls = asyncio.Event(), 0

    async def books_a_stop(request: Request, emit: Emit) -> Reply:
        nonlocal calls
        calls += 1
        if calls == 2:
            return answer("second")
        try:
            await asyncio.Event().wait()
        finally:
            await booked.wait()
        raise AssertionError

    first = asyncio.create_task(cache(ask(), discard, books_a_stop))
    await until(lambda: calls == 1)
    first.cancel()
    await until(lambda: any(flight.stopping for flight in cache.flights.values()))
    assert (await cache(ask(), discard, books_a_stop)).text == "second"
    booked.set()
    await asyncio.wait([first])


async def test_who_joins_waits_no_longer_than_its_own_deadline(cache: Cache) -> None:
    held = Held("a")
    first = asyncio.create_task(cache(ask(), discard, held))
    await until(lambda: held.calls == 1)
    with pytest.raises(DeadlinePassed):
        await cache(ask(expires=asyncio.get_running_loop().time()), discard, held)
    held.release(2)
    assert (await first).text == "a"


async def test_a_whole_reply_is_retried_through_all_layers_that_ask_whether_it_was_seen(cache: Cache) -> None:
    attempts = 0

    async def breaks_once(request: Request, emit: Emit) -> Reply:
        nonlocal attempts
        attempts += 1
        await emit(Delta(text="half" if attempts == 1 else "whole"))
        await asyncio.sleep(0)
        if attempts == 1:
            raise Unavailable
        return answer("whole")

    async def no_time(_: float) -> None: ...

    degrade = Degrade(cache.replies, lambda _: (), cache.book)
    fallback = Fallback(("openai:gpt-5.6-luna",))
    call = stack(breaks_once, degrade, fallback, cache, Retry(sleep=no_time))
    assert (await call(ask(), discard)).text == "whole"
    attempts, reader = 0, Collected()
    with pytest.raises(Unavailable):
        await call(ask("Hello again"), reader)
    assert reader.text == "half"


async def test_a_stale_reply_stands_in_when_no_model_can_answer(
    cache: Cache, replies: Replies, booked: list[Entry]
) -> None:
    await cache(ask(), discard, Script([["yesterday's"]]))
    await replies.flush()
    await CachedReply.objects.aupdate(expires_at="2020-01-01T00:00:00Z")
    cold = Replies()
    degrade = Degrade(cold, lambda request: [request.model or ""], cache.book)
    reader = Collected()
    down = Script([Unavailable()])
    reply = await degrade(ask(cache=CachePolicy(stale=True)), reader, down)
    assert (reply.text, reply.cached, reader.text) == ("yesterday's", True, "yesterday's")
    assert reply.cost == 0
    assert [entry.reply for entry in booked] == [reply]
    with pytest.raises(Unavailable):
        await degrade(ask(), reader, down)
    await cold.close()

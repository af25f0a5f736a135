import asyncio
from decimal import Decimal

import pytest

from llm.entry import Entry
from llm.errors import Overloaded, Unavailable
from llm.layers.record import Record
from llm.types import Delta, Emit, Reply, Request, Usage, discard
from tests.llm.layers.fakes import Clock, Collected, Held, Script, answer, ask, until


class Books:
    """A ledger that is a list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def __call__(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def only(self) -> Entry:
        (entry,) = self.entries
        return entry


async def test_an_answer_is_booked_with_its_times_and_cost() -> None:
    books, clock = Books(), Clock()

    async def takes_a_while(request: Request, emit: Emit) -> Reply:
        clock.now += 0.21
        await emit(Delta(text="Hi"))
        clock.now += 0.5
        return answer("Hi", model="local:smollm2", usage=Usage(input_tokens=3, output_tokens=1))

    request = ask(model="local:smollm2")
    reply = await Record(books, clock)(request, discard, takes_a_while)
    assert (reply.first_token_ms, reply.total_ms, reply.cost) == (210, 710, Decimal(0))
    assert reply.request_id == request.id
    assert (books.only.outcome, books.only.reply) == ("ok", reply)


async def test_the_answer_waits_until_it_is_on_the_books() -> None:
    booked = asyncio.Event()

    async def slow_books(_: Entry) -> None:
        await booked.wait()

    task = asyncio.create_task(Record(slow_books)(ask(), discard, Script([["Hi"]])))
    await asyncio.sleep(0)
    assert not task.done()
    booked.set()
    assert (await task).text == "Hi"


async def test_a_failure_is_booked_under_its_code() -> None:
    books = Books()
    with pytest.raises(Overloaded) as error:
        await Record(books)(ask(), discard, Script([Overloaded(detail="529")]))
    assert (books.only.outcome, books.only.reply.usage) == ("unavailable", Usage())
    assert "529" in books.only.error
    assert error.value.partial == books.only.reply


async def test_what_was_received_before_a_break_is_counted_here() -> None:
    books = Books()

    async def breaks_off(request: Request, emit: Emit) -> Reply:
        await emit(Delta(text="Once upon a time"))
        raise Unavailable

    with pytest.raises(Unavailable):
        await Record(books)(ask("Tell a story"), Collected(), breaks_off)
    partial = books.only.reply
    assert (partial.text, partial.estimated) == ("Once upon a time", True)
    assert partial.usage.input_tokens > 0
    assert partial.usage.output_tokens == 4


async def test_figures_that_the_provider_named_before_the_break_are_kept() -> None:
    books = Books()

    async def breaks_off(request: Request, emit: Emit) -> Reply:
        await emit(Delta(usage=Usage(input_tokens=500, cached_tokens=400)))
        raise Unavailable

    with pytest.raises(Unavailable):
        await Record(books)(ask(), discard, breaks_off)
    assert books.only.reply.usage == Usage(input_tokens=500, cached_tokens=400)


async def test_a_stopped_answer_is_booked_with_what_came() -> None:
    books, held, reader = Books(), Held("Once ", "upon "), Collected()
    task = asyncio.create_task(Record(books)(ask(), reader, held))
    held.release(2)
    await until(lambda: reader.text == "Once upon ")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (books.only.outcome, books.only.reply.text) == ("stopped", "Once upon ")
    assert books.only.reply.usage.output_tokens > 0


async def test_a_stop_while_it_is_booked_loses_nothing() -> None:
    booking, booked = asyncio.Event(), []

    async def slow_books(entry: Entry) -> None:
        booking.set()
        await asyncio.sleep(0)
        booked.append(entry.outcome)

    task = asyncio.create_task(Record(slow_books)(ask(), discard, Script([["Hi"]])))
    await booking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: booked == ["ok"])


async def test_a_fault_of_ours_is_booked_as_one() -> None:
    books = Books()
    with pytest.raises(ZeroDivisionError):
        await Record(books)(ask(), discard, Script([ZeroDivisionError("oh")]))
    assert (books.only.outcome, books.only.error) == ("fault", "ZeroDivisionError('oh')")


async def test_the_tab_of_the_request_adds_up_all_attempts() -> None:
    books = Books()
    request = ask(model="local:smollm2")
    script = Script([Unavailable(partial=answer("Hm", usage=Usage(output_tokens=2))), ["Hi"]])
    with pytest.raises(Unavailable):
        await Record(books)(request, discard, script)
    await Record(books)(request, discard, script)
    assert request.tab.usage.output_tokens == 2
    assert request.tab.last == books.entries[-1].reply


async def test_signs_of_life_are_kept_from_readers() -> None:
    reader = Collected()

    async def thinks(request: Request, emit: Emit) -> Reply:
        await emit(Delta())
        await emit(Delta(text="42"))
        return answer("42")

    await Record(Books())(ask(), reader, thinks)
    assert reader.texts == ["42"]

"""One flight over many processes: one of them leads and asks the model, the others follow it through Redis.

The leader renews its lease and publishes what comes. Followers say that they are there and read its news;
when the lease lapses, because the leader died, the first of them to notice leads.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from llm.errors import DeadlinePassed, Unavailable
from llm.flight import Flight
from llm.flight_news import Failed, Gone, Landed, News, Part, Restart, gathered
from llm.flight_seat import Seat
from llm.redis_link import LOST, RedisLink
from llm.types import Delta, Emit, Reply

BEAT = 1.0  # seconds between two signs of life
GATHER = 0.05  # seconds for which deltas are gathered
IDLE = 0.25  # seconds between two looks while nothing comes

BROKE_OFF = "The answer broke off before it was whole. Ask again to get a new one."

type Call = Callable[[Emit], Awaitable[Reply]]


class SharedFlights:
    """The flights of all processes at one Redis. While it does not answer, each process flies alone."""

    def __init__(self, link: RedisLink) -> None:
        self.link = link

    async def fly(self, key: str, call: Call, expires: float, flight: Flight) -> Reply:
        """Make the call, or follow who makes it already, until `expires`; what another got is `cached`."""
        if not self.link.up:
            return await call(flight)
        seat = Seat(self.link, key)
        try:
            reply = await _until(expires, _follow(seat, flight))
        except LOST as error:
            self.link.lost(error)
            _void(flight)
            return await call(flight)
        except BaseException:
            await seat.leave()
            raise
        if reply is None:
            return await Lead(seat, flight).fly(call)
        await seat.leave()
        return replace(reply, cached=True)


async def _follow(seat: Seat, flight: Flight) -> Reply | None:
    """Give `flight` what the leader gets, and return its reply; None if this seat leads now."""
    while (leader := await seat.enter()) != seat.name:
        reply = await _read(seat, leader, flight)
        if reply is not None:
            return reply
        _void(flight)
    return None


async def _read(seat: Seat, leader: str, flight: Flight) -> Reply | None:
    """Read a leader's news to their end; None if the leader is gone."""
    after, pause, present, beat = b"0", GATHER, leader, _now() + BEAT
    while True:
        news = await seat.news(leader, after)
        for after, one in news:  # noqa: B007 the last one is where the next look begins
            match one:
                case Landed(reply=reply):
                    return reply
                case Gone():
                    return None
                case _:
                    await _pass_on(one, flight)
        if not news and present != leader:
            return None
        if _now() >= beat:
            present, beat = await seat.enter(), _now() + BEAT
        pause = GATHER if news else min(pause * 1.5, IDLE)
        await asyncio.sleep(pause)


async def _pass_on(news: News, flight: Flight) -> None:
    match news:
        case Part(deltas=deltas):
            for delta in deltas:
                await flight(delta)
        case Restart():
            _void(flight)
        case Failed():
            raise news.error()


class Lead:
    """The emit of the call of a flight that this process leads: publishes what comes, watches who follows."""

    def __init__(self, seat: Seat, flight: Flight) -> None:
        self.seat = seat
        self.flight = flight
        self._waiting: list[Delta] = []
        self._restarted = False
        self._cut = False
        self._more = asyncio.Event()
        self._writing = asyncio.Lock()
        flight.read_elsewhere = self._followed

    @property
    def seen(self) -> bool:
        return self.flight.seen

    async def __call__(self, delta: Delta) -> None:
        self._waiting.append(delta)
        self._more.set()
        await self.flight(delta)

    def restart(self) -> None:
        """Void what came so far; readers elsewhere who have seen some of it get an error."""
        self._waiting.clear()
        self._restarted = True
        self._more.set()
        self.flight.restart()

    async def fly(self, call: Call) -> Reply:
        """Make the call, and tell everybody what came of it."""
        chores = [asyncio.create_task(chore()) for chore in (self._publish, self._watch)]
        end: News = Gone()
        try:
            reply = await call(self)
            end = Landed(reply)
            return reply
        except Exception as error:
            end = Failed.of(error)
            raise
        finally:
            await asyncio.shield(asyncio.ensure_future(self._land(chores, end)))

    async def _land(self, chores: list[asyncio.Task[None]], end: News) -> None:
        async with self._writing:  # what is being written is not lost
            for chore in chores:
                chore.cancel()
            await asyncio.wait(chores)
        await self._write(end)
        if not self._cut:
            await self.seat.leave()

    async def _publish(self) -> None:
        while await self._more.wait():
            await self._write()
            await asyncio.sleep(GATHER)

    async def _write(self, *end: News) -> None:
        """Publish what was gathered, and the end. Where that failed once nothing follows: no gap is seen."""
        async with self._writing:
            news = [*self._gathered(), *end]
            if self._cut:
                return
            try:
                await self.seat.publish(news)
            except LOST as error:
                self._lost(error)

    def _gathered(self) -> list[News]:
        news: list[News] = [Restart()] if self._restarted else []
        if self._waiting:
            news.append(gathered(self._waiting))
        self._waiting, self._restarted = [], False
        self._more.clear()
        return news

    async def _watch(self) -> None:
        """Keep the lease, and end the call when nobody is left to read it, here or elsewhere."""
        while True:
            await asyncio.sleep(BEAT)
            if not self._cut:
                await self._renew()
            await self.flight.cancel_unread()

    async def _renew(self) -> None:
        try:
            await self.seat.renew()
        except LOST as error:
            self.seat.link.lost(error)

    async def _followed(self) -> bool:
        try:
            return not self._cut and await self.seat.followed()
        except LOST as error:
            self._lost(error)
            return False

    def _lost(self, error: Exception) -> None:
        self._cut = True  # the lease lapses, and who followed helps himself
        self.seat.link.lost(error)


async def _until[T](expires: float, work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(expires) as whole:
            return await work
    except TimeoutError:
        if whole.expired():
            raise DeadlinePassed("The answer was not whole when the time for it was over.") from None
        raise


def _void(flight: Flight) -> None:
    """Forget what came; raises Unavailable where a reader has seen some of it, for nothing is spliced."""
    if flight.seen:
        raise Unavailable(BROKE_OFF)
    flight.restart()


def _now() -> float:
    return asyncio.get_running_loop().time()

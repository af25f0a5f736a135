"""An answer outlives what carries it: cut connections, readers that restart or sleep, hints that are lost."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.services.chat_site import Site, Web
from tests.services.people import Program, Tab
from tests.services.proxy import Proxy
from tests.services.troubles import Cut, Reload, Restart, Sleep, Trouble
from tests.wire import Pace, text

PIECES = [f"{number} " for number in range(500)]
WHOLE = "".join(PIECES)
CUTS = 20
SECONDS = 8
FAST = {"pace": {"flush": 0.001}}


@pytest.fixture(scope="module")
def webs(chat: Site) -> Iterator[list[Web]]:
    """The process that writes, and one that only reads."""
    webs = chat.begin(FAST, FAST)
    yield webs
    chat.end(*webs)


@asynccontextmanager
async def two_tabs(alice: Program, *places: Web | Proxy) -> AsyncIterator[list[Tab]]:
    """Tabs at one new conversation."""
    conversation = await alice.conversation(places[0].port)
    async with AsyncExitStack() as stack:
        yield [await opened(stack, alice, conversation, place) for place in places]


async def opened(stack: AsyncExitStack, alice: Program, conversation: str, place: Web | Proxy) -> Tab:
    return await stack.enter_async_context(Tab(alice, lambda: place.port, conversation))


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """An answer whose tabs, at the process that writes and at another, have a wire of their own."""

    tokens_a_second: int
    text: str
    tabs: list[Tab]
    wires: list[Proxy]
    already: list[int]

    async def is_light(self) -> None:
        """Read it to its end, and weigh what the wires brought."""
        for tab, wire, already in zip(self.tabs, self.wires, self.already, strict=True):
            await tab.until(lambda tab: tab.end, 3 * SECONDS)
            weight = (wire.brought - already) / len(self.text)
            print(f"{self.tokens_a_second} tokens/s: {weight:.2f} bytes a byte of text")
            assert tab.text == self.text
            assert weight <= 3
            assert tab.largest < len(self.text) / 4


async def answered(
    stack: AsyncExitStack, chat: Site, alice: Program, webs: list[Web], tokens_a_second: int
) -> Weighed:
    """Ask for an answer of so many seconds."""
    words = random.Random(1)  # noqa: S311
    tokens = [
        "".join(words.choices("etaoinshrdlu", k=words.randint(1, 6))) + " "
        for _ in range(SECONDS * tokens_a_second)
    ]
    chat.wire.script(text(*tokens, gate=Pace(tokens_a_second)))
    wires = [await stack.enter_async_context(Proxy(web.port)) for web in webs]
    tabs = await stack.enter_async_context(two_tabs(alice, *wires))
    already = [wire.brought for wire in wires]
    asked = len(chat.wire.requests)
    await tabs[0].ask()
    await chat.wire.until(lambda: len(chat.wire.requests) > asked)
    return Weighed(
        tokens_a_second=tokens_a_second, text="".join(tokens), tabs=tabs, wires=wires, already=already
    )


@asynccontextmanager
async def troubled(chat: Site, alice: Program, seed: int) -> AsyncIterator[tuple[Tab, list[Trouble]]]:
    """A tab that is left in peace, and three for each trouble: at the process that writes, at another, and at
    a third, which loses 30 % of the hints. Those of the restarts are at a fourth, which loses as many."""
    lossy = FAST | {"lost": 0.3, "seed": seed}
    *webs, doomed = chat.begin(FAST, FAST, lossy, lossy)
    async with AsyncExitStack() as stack:
        conversation = await alice.conversation(webs[0].port)

        async def tabs(*places: Web | Proxy) -> list[Tab]:
            return [await opened(stack, alice, conversation, place) for place in places]

        async def proxies() -> list[Proxy]:
            return [await stack.enter_async_context(Proxy(web.port)) for web in webs]

        [witness] = await tabs(webs[0])
        cut, asleep = await proxies(), await proxies()
        yield (
            witness,
            [
                Reload(*await tabs(*webs)),
                Cut(await tabs(*cut), cut),
                Sleep(await tabs(*asleep), asleep),
                Restart(await tabs(doomed, doomed), chat, doomed, lossy),
            ],
        )
    chat.end(*webs, doomed)


class Plan:
    """When what strikes and is mended: each trouble at twenty points, some flushes long."""

    def __init__(self, troubles: list[Trouble], seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        self._due: dict[int, list[tuple[Trouble, bool]]] = {}
        self._resumed: dict[Tab, int] = {}
        for trouble in troubles:
            points = sorted(chance.sample(range(1, len(PIECES)), CUTS))
            for point, following in zip(points, [*points[1:], len(PIECES)], strict=True):
                self._due.setdefault(point, []).append((trouble, True))
                self._due.setdefault(chance.randrange(point, following), []).append((trouble, False))

    async def carry_out(self, flush: int) -> None:
        """Do what is due at a flush; a trouble is over when its tabs read on."""
        for trouble, strikes in self._due.get(flush, ()):
            if strikes:
                self._resumed |= {tab: tab.resumed for tab in trouble.tabs}
                await trouble.strike()
                continue
            await trouble.mend()
            for tab in trouble.tabs:
                await tab.until(lambda tab: tab.resumed > self._resumed[tab])


async def test_whatever_happens_to_readers_at_twenty_points_each_has_the_whole_text(
    chat: Site, alice: Program
) -> None:
    seed = random.randrange(10**6)  # noqa: S311
    print("seed", seed)
    gate = chat.wire.gate()
    chat.wire.script(text(*PIECES, gate=gate))
    async with troubled(chat, alice, seed) as (witness, troubles):
        plan = Plan(troubles, seed)
        await witness.ask()
        for flush in range(1, len(PIECES) + 1):
            gate.let()
            await witness.until(lambda tab: tab.seq >= flush)  # noqa: B023 it is awaited here
            await plan.carry_out(flush)
        for tab in [witness, *(tab for trouble in troubles for tab in trouble.tabs)]:
            await tab.until(lambda tab: tab.end)
            assert tab.text == WHOLE
            assert (tab.end["finish"], tab.end["seq"], tab.gaps) == ("completed", len(PIECES), 0)
            assert tab.connects == (1 if tab is witness else 1 + CUTS)
        stored = await alice.answer(witness.port(), witness.conversation)
        assert (stored["content"], stored["seq"]) == (WHOLE, len(PIECES))


async def test_the_wire_carries_at_most_three_times_the_text_however_fast_it_comes(
    chat: Site, alice: Program
) -> None:
    webs = chat.begin({}, {})
    async with AsyncExitStack() as stack:
        answers = [await answered(stack, chat, alice, webs, rate) for rate in (20, 50, 200)]
        for answer in answers:
            await answer.is_light()
    chat.end(*webs)


async def test_a_tab_that_slept_through_the_answer_gets_all_of_it_in_one_frame(
    chat: Site, alice: Program, webs: list[Web]
) -> None:
    chat.wire.script(text(*PIECES))
    async with two_tabs(alice, webs[0]) as [tab]:
        await tab.ask()
        await tab.until(lambda tab: tab.end)
        async with AsyncExitStack() as stack:
            for web in webs:
                late = await opened(stack, alice, tab.conversation, web)
                late.begin(tab.generation, tab.message)
                await late.resume()
                await late.until(lambda tab: tab.end)
                assert (late.text, late.largest) == (tab.text, len(tab.text))

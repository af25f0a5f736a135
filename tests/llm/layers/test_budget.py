import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llm.budgets.desk import Desk
from llm.client import stack
from llm.entry import Entry
from llm.errors import BudgetExceeded, NoPrice, Overloaded
from llm.layers.budget import MARGIN, Budget, most
from llm.layers.record import Record
from llm.models import Budget as BudgetRow
from llm.models import BudgetEntry
from llm.types import Emit, Reply, Request, Tool, Usage, discard
from tests.llm.budgets.cases import DIME, NOON, make_budget, standing
from tests.llm.layers.fakes import Script, answer, ask

pytestmark = pytest.mark.django_db(transaction=True)


class Till:
    """The handler below the layer: books what an attempt costs, as Record does."""

    def __init__(self, cost: Decimal | None = DIME, error: Exception | None = None) -> None:
        self.cost = cost
        self.error = error
        self.requests: list[Request] = []

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        self.requests.append(request)
        request.tab.add(answer(cost=self.cost))
        if self.error:
            raise self.error
        return answer(cost=self.cost)


def price(model: str, usage: Usage) -> Decimal:
    return DIME


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk(clock=lambda: NOON)
    yield desk
    await desk.close()


@pytest.fixture
def layer(desk: Desk) -> Budget:
    return Budget(desk, price)


make = sync_to_async(make_budget)
stands = sync_to_async(standing)


@sync_to_async
def entry() -> BudgetEntry:
    return BudgetEntry.objects.get()


async def test_without_a_budget_the_request_passes_untouched(layer: Budget) -> None:
    till, request = Till(), ask()
    await layer(request, discard, till)
    assert till.requests == [request]


async def test_a_call_pays_what_it_used(layer: Budget) -> None:
    budget = await make()
    await layer(ask(), discard, Till(Decimal("0.03")))
    assert await stands(budget) == ("0.03", "0.00")


async def test_only_what_this_call_used_counts(layer: Budget) -> None:
    budget, request = await make(), ask()
    request.tab.add(answer(cost=Decimal("1.00")))  # another model of the chain, which has its own books
    await layer(request, discard, Till(Decimal("0.03")))
    assert await stands(budget) == ("0.03", "0.00")


async def test_who_has_nothing_left_is_refused_and_nothing_is_called(layer: Budget) -> None:
    await make("0.05")
    till = Till()
    with pytest.raises(BudgetExceeded, match="only"):
        await layer(ask(), discard, till)
    assert till.requests == []


async def test_a_request_without_a_bound_gets_the_one_that_was_reserved(layer: Budget) -> None:
    await make()
    till = Till()
    await layer(ask(), discard, till)
    await layer(ask(max_tokens=7), discard, till)
    assert [request.max_tokens for request in till.requests] == [16_384, 7]


async def test_the_estimate_counts_all_input_and_the_bound(desk: Desk) -> None:
    asked: list[tuple[str, Usage]] = []

    def note(model: str, usage: Usage) -> Decimal:
        asked.append((model, usage))
        return DIME

    await make()
    await Budget(desk, note)(ask("x" * 400, max_tokens=50), discard, Till())
    assert asked == [("openai:gpt-5.6-luna", Usage(input_tokens=208, output_tokens=50))]


def test_tools_are_read_too() -> None:
    tool = Tool(name="calculate", description="Do sums.", parameters={"type": "object"})
    assert most(ask(tools=(tool,))).input_tokens > most(ask()).input_tokens + 600


async def test_a_free_model_needs_no_money(desk: Desk) -> None:
    await make("0.01")
    till = Till(Decimal(0))
    await Budget(desk)(ask(model="local:smollm2"), discard, till)
    assert till.requests[0].max_tokens is None
    assert not await BudgetEntry.objects.aexists()


async def test_a_model_without_a_price_is_refused_with_what_to_do(desk: Desk) -> None:
    await make()
    with pytest.raises(NoPrice) as info:
        await Budget(desk)(ask(model="openai:nobody-knows"), discard, Till())
    assert info.value.sentence == (
        "A budget holds this call, and the price of openai:nobody-knows is unknown. "
        "Set a price for it, or use a model whose price is known."
    )


async def test_the_prices_of_the_site_are_used(desk: Desk) -> None:
    await make("1000")
    await Budget(desk)(ask(max_tokens=1000), discard, Till())
    assert 0 < (await entry()).amount < 1


async def test_what_the_record_books_is_what_the_budget_pays(desk: Desk) -> None:
    budget, booked = await make(), list[Entry]()

    async def write(entry: Entry) -> None:
        booked.append(entry)

    async def model(request: Request, emit: Emit) -> Reply:
        return answer(usage=Usage(input_tokens=1000, output_tokens=100))

    await stack(model, Budget(desk), Record(write))(ask(), discard)
    paid = (await entry()).settled
    assert paid == booked[0].reply.cost
    assert 0 < paid < (await entry()).amount
    assert await stands(budget) == (f"{paid:.2f}", "0.00")


async def test_a_cost_that_nobody_knows_is_booked_as_reserved_and_marked(layer: Budget) -> None:
    budget = await make()
    await layer(ask(), discard, Till(None))
    assert await stands(budget) == ("0.10", "0.00")
    assert (await entry()).estimated


async def test_a_failed_call_that_cost_nothing_gives_all_back(layer: Budget) -> None:
    budget = await make()
    with pytest.raises(Overloaded):
        await layer(ask(), discard, Script([Overloaded()]))
    assert await stands(budget) == ("0.00", "0.00")
    assert (await entry()).state == "released"


async def test_a_failed_call_pays_for_what_came(layer: Budget) -> None:
    budget = await make()
    with pytest.raises(Overloaded):
        await layer(ask(), discard, Till(Decimal("0.02"), Overloaded()))
    assert await stands(budget) == ("0.02", "0.00")


async def test_a_stopped_call_leaves_nothing_behind(layer: Budget) -> None:
    budget, begun = await make(), asyncio.Event()

    async def endless(request: Request, emit: Emit) -> Reply:
        begun.set()
        return await asyncio.Future()

    call = asyncio.create_task(layer(ask(), discard, endless))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await stands(budget) == ("0.00", "0.00")
    assert (await entry()).state == "released"


async def test_a_call_that_is_stopped_while_it_reserves_leaves_nothing_behind(layer: Budget) -> None:
    budget, till = await make(), Till()
    await layer(ask(), discard, till)  # budgets are known from here on
    call = asyncio.create_task(layer(ask(), discard, till))
    await asyncio.sleep(0)  # it waits for its commit now
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await stands(budget) == ("0.10", "0.00")
    assert len(till.requests) == 1


async def test_a_reservation_lasts_as_long_as_its_call_may(layer: Budget) -> None:
    await make()
    deadline = asyncio.get_running_loop().time() + 30
    await layer(ask(expires=deadline), discard, Till())
    lasts = (await entry()).expires_at - NOON - MARGIN
    assert timedelta(seconds=29) < lasts <= timedelta(seconds=30)


async def test_of_a_thousand_calls_at_once_five_dollars_pay_for_fifty(layer: Budget) -> None:
    budget, till = await make("5"), Till()
    calls = [layer(ask(str(number)), discard, till) for number in range(1000)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, Reply) for result in results) == len(till.requests) == 50
    assert sum(isinstance(result, BudgetExceeded) for result in results) == 950
    assert await stands(budget) == ("5.00", "0.00")
    assert [row.settled async for row in BudgetEntry.objects.all()] == [DIME] * 50


# What is known of budgets


async def test_a_site_without_budgets_pays_no_query_a_call() -> None:
    desk = Desk()
    queries = CaptureQueriesContext(connection)
    await sync_to_async(queries.__enter__)()  # the one thread in which async queries run
    for _ in range(10):
        await Budget(desk, price)(ask(), discard, Till())
    assert await sync_to_async(len)(queries) == 1  # the first call looked
    await sync_to_async(queries.__exit__)(None, None, None)
    await desk.close()


async def test_a_budget_that_was_made_here_holds_the_next_call(layer: Budget) -> None:
    await layer(ask(), discard, Till())
    await make("0.05")
    with pytest.raises(BudgetExceeded):
        await layer(ask(), discard, Till())


async def test_a_budget_that_was_switched_off_here_holds_nothing_any_more(layer: Budget) -> None:
    budget = await make("0.05")
    with pytest.raises(BudgetExceeded):
        await layer(ask(), discard, Till())
    await BudgetRow.objects.filter(pk=budget.pk).aupdate(active=False)
    await layer(ask(), discard, Till())


async def test_a_budget_that_another_process_made_is_seen_after_a_few_seconds() -> None:
    seconds = [0.0]
    desk = Desk(monotonic=lambda: seconds[0])
    layer = Budget(desk, price)
    await layer(ask(), discard, Till())
    elsewhere = BudgetRow(scope="everything", period="day", limit=Decimal("0.05"))
    await BudgetRow.objects.abulk_create([elsewhere])  # this does not tell
    await layer(ask(), discard, Till())
    seconds[0] = 6.0
    with pytest.raises(BudgetExceeded):
        await layer(ask(), discard, Till())
    await desk.close()

"""Set money aside before a call, book what it cost after it."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.db import DatabaseError

from llm import catalog, pricing
from llm.budgets.desk import Desk
from llm.budgets.reservations import Reservation
from llm.errors import BudgetExceeded, NoPrice
from llm.estimate import input_tokens
from llm.telemetry.figures import OVER_BUDGET
from llm.types import Emit, Handler, Reply, Request, Usage

logger = logging.getLogger(__name__)

MARGIN = timedelta(seconds=60)  # to stop and to settle in, after the deadline of a call
WITHOUT_DEADLINE = 3600.0  # seconds that a call without one holds its reservation
DENSER = 2  # text may take twice the tokens of the usual guess: digits, code, most scripts
TOOL_PREAMBLE = 600  # tokens that a provider adds to explain tools to its model

type Price = Callable[[str, Usage], Decimal | None]


class Budget:
    """Let a call through if every budget that applies has room for the most that one attempt may cost.

    A request without `max_tokens` gets the bound that the reservation assumed. Whatever way a call ends,
    what it used is booked and the rest given back.
    """

    def __init__(self, desk: Desk, price: Price = pricing.cost) -> None:
        self.desk = desk
        self.price = price

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        if not await self.desk.applies(request.owner, request.feature):
            return await call(request, emit)
        model = request.model or ""
        bounded = replace(request, max_tokens=request.max_tokens or catalog.card(model).default_max_tokens)
        estimate = self.price(model, most(bounded))
        if estimate is None:
            raise NoPrice(
                f"A budget holds this call, and the price of {model} is unknown. "
                "Set a price for it, or use a model whose price is known."
            )
        if estimate == 0:
            return await call(request, emit)
        reservation = await self._reserve(request, estimate)
        before, answered = request.tab.cost, False
        try:
            reply = await call(bounded, emit)
            answered = True
            return reply
        finally:
            closing = self._close(reservation, _used(before, request.tab.cost), answered=answered)
            await asyncio.shield(asyncio.ensure_future(closing))  # a stop must not leave it behind

    async def _reserve(self, request: Request, amount: Decimal) -> Reservation:
        """Reserve; a caller that is stopped meanwhile gives back what it did not wait for."""
        left = request.expires - asyncio.get_running_loop().time()
        seconds = timedelta(seconds=left if math.isfinite(left) else WITHOUT_DEADLINE)
        expires = self.desk.now() + seconds + MARGIN
        asked = asyncio.ensure_future(
            self.desk.reserve(request.owner, request.feature, request.id, amount, expires)
        )
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.ensure_future(self._give_back(asked)))
            raise
        except BudgetExceeded:
            OVER_BUDGET.add(request.feature)
            raise

    async def _give_back(self, asked: asyncio.Future[Reservation]) -> None:
        await asyncio.wait([asked])
        if asked.exception() is None:
            await self._close(asked.result(), Decimal(0), answered=False)

    async def _close(self, reservation: Reservation, used: Decimal | None, *, answered: bool) -> None:
        """Settle what was used, or release; an answer that was paid for is not lost to a broken database.

        What could not be written here expires, and is booked then from the ledger.
        """
        try:
            if used is None:
                await self.desk.settle(reservation, reservation.amount, estimated=True)
            elif answered or used > 0:
                await self.desk.settle(reservation, used)
            else:
                await self.desk.release(reservation)
        except DatabaseError as error:
            logger.exception(
                "llm.budget_not_settled",
                extra={"call": str(reservation.request_id), "error": repr(error)},
            )


def most(request: Request) -> Usage:
    """Return the most that one attempt at a request with `max_tokens` should use."""
    read = DENSER * input_tokens(request) + (TOOL_PREAMBLE if request.tools else 0)
    return Usage(input_tokens=read, output_tokens=request.max_tokens or 0)


def _used(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else after - before

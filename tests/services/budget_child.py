"""A process that spends: `python -m tests.services.budget_child MODE CALLS [SECONDS_LATER]`.

It prints `ready`, waits for a line on its input, makes CALLS calls of $0.10 at once and prints how many
were granted. `settle` pays for them, `hold` only reserves, `drip` reserves one after the other, prints
each, and never ends by itself.
"""

import asyncio
import sys
import uuid
from datetime import timedelta
from decimal import Decimal

import django

django.setup()

from django.utils import timezone  # noqa: E402 the apps come first

from llm.budgets.desk import Desk  # noqa: E402
from llm.budgets.reservations import Reservation  # noqa: E402
from llm.errors import BudgetExceeded  # noqa: E402
from llm.types import Owner  # noqa: E402

DIME = Decimal("0.10")
LEASE = timedelta(seconds=180)


class Spender:
    """Makes calls through a desk whose clock is `later` than the machine's."""

    def __init__(self, later: timedelta) -> None:
        self.desk = Desk(clock=lambda: timezone.now() + later)

    async def call(self, *, settle: bool) -> bool:
        held = await self._reserve()
        if held is not None and settle:
            await self.desk.settle(held, DIME)
        return held is not None

    async def drip(self) -> None:
        while await self._reserve():
            print("granted", flush=True)
        await asyncio.Event().wait()

    async def _reserve(self) -> Reservation | None:
        try:
            return await self.desk.reserve(Owner(), "chat", uuid.uuid4(), DIME, self.desk.now() + LEASE)
        except BudgetExceeded:
            return None


async def main(mode: str, calls: int, later: float) -> None:
    spender = Spender(timedelta(seconds=later))
    print("ready", flush=True)
    sys.stdin.readline()  # nothing else runs yet
    if mode == "drip":
        await spender.drip()
    granted = await asyncio.gather(*(spender.call(settle=mode == "settle") for _ in range(calls)))
    print(sum(granted), flush=True)
    await spender.desk.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))

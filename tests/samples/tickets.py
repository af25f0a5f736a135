"""A feature: complaints become tickets, one or many at a time."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel

import llm


class Ticket(BaseModel):
    """What a customer complains about."""

    product: str
    urgency: Literal["low", "high"]


async def read_ticket(text: str) -> Ticket:
    done = await llm.extract(Ticket, text, feature="tickets")
    return done.data


async def read_tickets(texts: Iterable[str]) -> tuple[list[Ticket], list[str]]:
    """Return the tickets, and a sentence for each text that gave none."""
    read = await llm.map(texts, read_ticket, limit=8, timeout=60)
    tickets = [result for result in read if isinstance(result, Ticket)]
    return tickets, [error.sentence for error in read if isinstance(error, llm.LLMError)]

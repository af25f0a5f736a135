"""Book rows as fast as they become durable, for so many `seconds`; prints the rate."""

import asyncio
import itertools
import time
from typing import Any

from tests.bench.child import run

CALLERS = 256  # answers that end at about the same time
QUESTION = "A question of some length. " * 7
ANSWER = "An answer of some length. " * 15


async def book(seconds: float) -> dict[str, Any]:
    """Let many callers book one row after another, each waiting until its own is durable."""
    from llm import ledger, runloop
    from llm.entry import Entry
    from llm.types import Message, Reply, Request, Usage

    runloop.adopt()
    usage = Usage(input_tokens=60, output_tokens=100)
    numbers = itertools.count()
    count, end = 0, time.perf_counter() + seconds

    def news() -> Entry:
        """What nobody has said before: texts that come again cost the ledger less."""
        number = next(numbers)
        question = Message(role="user", content=f"Question {number} of some length. {QUESTION}")
        request = Request(messages=(question,), model="openai:bench")
        text = f"Answer {number} of some length. {ANSWER}"
        reply = Reply(text=text, model="openai:bench", finish="stop", usage=usage)
        return Entry(request=request, reply=reply, outcome="ok", error="")

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await ledger.write(news())
            count += 1

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    rate = count / (time.perf_counter() - begun)
    await runloop.close()
    return {"rate": rate, "rows": count}


def main(seconds: float) -> dict[str, Any]:
    """Book, and count the rows that are there."""
    from llm.models import Call

    return asyncio.run(book(seconds)) | {"kept": Call.objects.count()}


if __name__ == "__main__":
    run(main)

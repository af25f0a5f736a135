"""A process that calls a model as a site does: `python -m tests.services.caller_child`.

It prints `ready`, then reads orders, a JSON object a line, and carries them out at the same time:
`{"id": 1, "text": "Hi", "streamed": true}` asks, `{"leave": 1}` stops waiting for it. It prints a JSON
object a line: `{"id": 1, "seen": "H"}` for each delta, and at the end `{"id": 1, "text": ..., "cached": ...}`
or `{"id": 1, "error": code}` with what was streamed. The end of its input ends it.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

import django

django.setup()

from llm import runloop  # noqa: E402 the apps come first
from llm.client import run  # noqa: E402
from llm.errors import LLMError  # noqa: E402
from llm.types import CachePolicy, Delta, Message, Owner, Request, discard  # noqa: E402


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def ask(order: dict[str, Any]) -> None:
    """Make a call and say what came of it."""
    streamed: list[str] = []

    async def emit(delta: Delta) -> None:
        streamed.append(delta.text)
        say(id=order["id"], seen=delta.text)

    request = Request(
        messages=(Message(role="user", content=order["text"]),),
        owner=Owner(user_id=order.get("user")),
        feature=order.get("feature", order["text"]),
        cache=CachePolicy(ttl=order.get("ttl")),
        drain=order.get("drain", False),
    )
    try:
        reply = await run(request, emit if order.get("streamed") else discard)
    except LLMError as error:
        say(id=order["id"], error=error.code, why=str(error), streamed="".join(streamed))
    else:
        say(
            id=order["id"],
            text=reply.text,
            cached=reply.cached,
            streamed="".join(streamed),
            request=str(reply.request_id),
        )


async def main() -> None:
    runloop.adopt()
    calls: dict[int, asyncio.Task[None]] = {}
    say(ready=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if "leave" in order:
            calls[order["leave"]].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await calls[order["leave"]]
            say(left=order["leave"])
        else:
            calls[order["id"]] = asyncio.create_task(ask(order))
    await asyncio.gather(*calls.values(), return_exceptions=True)
    await runloop.close()


if __name__ == "__main__":
    asyncio.run(main())

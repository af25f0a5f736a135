"""A process that asks much: `python -m tests.services.limits_child REDIS quota|throttle WHO CALLS`.

It prints `ready`, waits for a line on its input, makes CALLS calls at once and prints how many were let
through. WHO is the key of the person, or the provider.
"""

import asyncio
import sys
import uuid

from llm import runloop
from llm.errors import RateLimited
from llm.layers.quota import Quota
from llm.layers.throttle import Throttle
from llm.limiter import rate
from llm.redis_link import RedisLink
from llm.shared_limiter import SharedLimiter
from llm.types import Emit, Owner, Reply, Request, discard

PER_HOUR = rate("60/hour")


async def model(request: Request, emit: Emit) -> Reply:
    return Reply(text="Hi", model="openai:gpt-5.6-luna", finish="stop")


async def granted(layer: Quota | Throttle, request: Request) -> bool:
    try:
        await layer(request, discard, model)
    except RateLimited:
        return False
    return True


async def main(url: str, kind: str, who: str, calls: int) -> None:
    limiter = SharedLimiter(RedisLink(url))
    layer = Quota(limiter, PER_HOUR) if kind == "quota" else Throttle(limiter, PER_HOUR)
    request = Request(
        messages=(),
        model=f"{who}:model",
        owner=Owner(key_id=uuid.UUID(who)) if kind == "quota" else Owner(),
        expires=asyncio.get_running_loop().time() + 60,
    )
    print("ready", flush=True)
    sys.stdin.readline()  # nothing else runs yet
    print(sum(await asyncio.gather(*(granted(layer, request) for _ in range(calls)))), flush=True)
    await runloop.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))

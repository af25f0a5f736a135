"""Drive many `runs` of agents at once; prints how long it took."""

import asyncio
import resource
import time
from typing import Any

from tests.bench.child import run

MODEL = "openai:gpt-5.6-luna"
SCRIPT = ("37 * 43", "1591 + 1", "")  # two tools and an answer: five steps


async def drive(count: int) -> dict[str, Any]:
    """Put runs into the queue and drive them with one worker, on a model that answers at once."""
    from asgiref.sync import sync_to_async
    from django.conf import settings

    from llm import client, runloop
    from llm.agents.driver import Driver
    from llm.budgets.desk import Desk
    from llm.models import AgentRun
    from llm.providers.scripted import Scripted, tool_call
    from llm.replies import Replies
    from llm.types import Emit, Reply, Request

    async def answer(request: Request, emit: Emit) -> Reply:
        expression = SCRIPT[sum(message.role == "tool" for message in request.messages)]
        step = tool_call("calculate", expression=expression) if expression else "1592"
        return await Scripted(step)(request, emit)

    class Model:
        __call__ = staticmethod(answer)

        async def close(self) -> None:
            """Nothing is open."""

    runloop.adopt()
    site = settings.PARLEY.model_copy(
        update={"parley_rate": "1000000/second", "parley_quota": "1000000/second", "parley_models": MODEL}
    )
    replies, desk = Replies(), Desk()
    runloop.on_close(replies.close)
    runloop.on_close(desk.close)
    client.use(client.Client({"openai": Model()}, *client.site_layers(site, replies, desk)))
    await sync_to_async(AgentRun.objects.bulk_create)(
        AgentRun(goal=f"Goal {number}", tools=["calculate"]) for number in range(count)
    )
    driver, begun = Driver(), time.perf_counter()
    await driver.work()
    seconds = time.perf_counter() - begun
    await driver.close()
    await runloop.close()
    return {"seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main(runs: int) -> dict[str, Any]:
    """Drive, and count the runs that came to their end and their steps."""
    from llm.models import AgentRun, AgentStep

    return asyncio.run(drive(runs)) | {
        "ended": AgentRun.objects.filter(status="completed", result="1592").count(),
        "rows": AgentStep.objects.count(),
    }


if __name__ == "__main__":
    run(main)

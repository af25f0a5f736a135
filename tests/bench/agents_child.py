"""Drive many runs of agents at once, and print how long it took. Its argument is JSON: `vendor`, `runs`."""

import asyncio
import json
import os
import resource
import sys
import time
from typing import Any

import psycopg

from tests.bench.ledger_child import database

MODEL = "openai:gpt-5.6-luna"
SCRIPT = ("37 * 43", "1591 + 1", "")  # two tools and an answer: five steps


async def drive(count: int) -> dict[str, Any]:
    """Put runs into the queue and drive them with one worker, on a model that answers at once."""
    from asgiref.sync import sync_to_async
    from django.conf import settings

    from llm import client, ledger, runloop
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
    assert ledger
    return {"seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main(vendor: str, runs: int) -> dict[str, Any]:
    """Make the tables, drive, and check that every run came to its end in five steps."""
    try:
        with database(vendor) as url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.settings", "PARLEY_ENV_FILE": "", "DATABASE_URL": url,
                "SECRET_KEY": "only-for-benchmarks",
            }  # fmt: skip
            import django
            from django.core.management import call_command
            from django.db import connections

            django.setup()
            call_command("migrate", verbosity=0)
            report = asyncio.run(drive(runs))
            from llm.models import AgentRun, AgentStep

            report["ended"] = AgentRun.objects.filter(status="completed", result="1592").count()
            report["rows"] = AgentStep.objects.count()
            connections.close_all()
            return report
    except psycopg.OperationalError as error:
        return {"without": f"no figures: PostgreSQL does not answer ({error.__class__.__name__})"}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))), flush=True)

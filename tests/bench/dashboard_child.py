"""Open every view of thirty days over a large ledger, and report how long each took."""

import time
from statistics import median
from typing import Any

from tests.bench.child import run

VIEWS = {
    "cost by feature": "",
    "cost by model": "by=model",
    "cost by user": "by=user",
    "cost by key": "by=key",
    "cost by prompt version": "by=prompt_version",
    "tokens": "measure=tokens",
    "calls": "measure=calls",
    "time": "measure=time",
    "time by user": "measure=time&by=user",
    "time by key": "measure=time&by=key",
    "time by prompt version": "measure=time&by=prompt_version",
    "tokens by key": "measure=tokens&by=key",
    "without a comparison": "compare=no",
    "this month": "period=month",
    "a week by hour": "period=7d&step=hour",
    "the times of a week by hour": "period=7d&step=hour&measure=time",
    "a week of one person by hour": "period=7d&step=hour&user=person000",
    "a day": "period=24h",
    "one feature and model": "feature=chat&model=openai:gpt-5.5",
    "one person": "user=person000",
    "the times of one person": "user=person000&measure=time",
    "one prompt version": "prompt=assistant&prompt_version=2",
    "an old prompt version": "prompt=assistant&prompt_version=1",
    "one person, feature and model by key": "user=person000&feature=chat&model=openai:gpt-5.5&by=key",
    "a filter that nothing matches": "feature=nothing",
}

ADDRESSES = {
    **{name: f"/usage/?{query}" for name, query in VIEWS.items()},
    "the calls": "/usage/calls/",
    "failed calls": "/usage/calls/?only=errors",
    "calls from the cache": "/usage/calls/?only=cached",
    "calls without a price": "/usage/calls/?only=unpriced",
    "failed calls of a rare kind": "/usage/calls/?only=errors&feature=playground&model=local:smollm2",
    "calls of an old prompt version": "/usage/calls/?prompt=assistant&prompt_version=1",
    "failed calls of one person": "/usage/calls/?only=errors&user=person150",
    "export": "/usage/export.csv",
    "export by user": "/usage/export.csv?by=user",
    "export by key": "/usage/export.json?by=key",
    "REST by day, feature and model": "/api/v1/usage?by=day,feature,model",
    "REST by user and model": "/api/v1/usage?by=user,model",
    "REST by hour": "/api/v1/usage?by=hour",
    "the budgets": "/budgets/",
    "the people": "/people/",
}


def opened(addresses: dict[str, str], rounds: int) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of each address, for staff, and those of this process's processor."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench"))
    found = {}
    for name, address in addresses.items():
        times, used = [], []
        for _ in range(rounds + 1):  # the first warms the caches of the database
            begun, worked = time.perf_counter(), time.process_time()
            status = client.get(address).status_code
            times.append(1000 * (time.perf_counter() - begun))
            used.append(1000 * (time.process_time() - worked))
            assert status == 200, (address, status)
        found[name] = median(times[1:]), median(used[1:])
    return found


def main(calls: int, rounds: int) -> dict[str, Any]:
    """Fill the ledger, roll it up, and open the pages."""
    from django.utils import timezone

    from llm.usage.rolling import roll_up
    from tests.bench.ledger_filler import fill

    fill(calls, timezone.now())
    begun = time.perf_counter()
    roll_up()
    rolled = time.perf_counter() - begun
    return {"views": opened(ADDRESSES, rounds), "rolled": rolled}


if __name__ == "__main__":
    run(main)

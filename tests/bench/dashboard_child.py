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
    "one feature and model": "feature=chat&model=openai:gpt-5.5",
    "one person": "user=person000",
    "the times of one person": "user=person000&measure=time",
    "one prompt version": "prompt=assistant&prompt_version=2",
}

ADDRESSES = {
    **{name: f"/usage/?{query}" for name, query in VIEWS.items()},
    "the calls": "/usage/calls/",
    "failed calls": "/usage/calls/?only=errors",
}


def opened(addresses: dict[str, str], rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each address, for staff."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench"))
    found = {}
    for name, address in addresses.items():
        times = []
        for _ in range(rounds + 1):  # the first warms the caches of the database
            begun = time.perf_counter()
            status = client.get(address).status_code
            times.append(1000 * (time.perf_counter() - begun))
            assert status == 200, (address, status)
        found[name] = median(times[1:])
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

"""Task workers, forked from a process that has imported it all: `python -m tests.services.batch_child`.

It reads orders, a JSON object a line. `{"make": n}` makes the tables and a batch of n texts, `{"work": true}`
begins a worker that ends when it is killed, `{"look": true}` says how the batch stands. Each answers with one
line. The end of its input ends them all.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 the apps come first
from django.core.management import call_command  # noqa: E402
from django.db.models import Sum  # noqa: E402

import llm.client  # noqa: E402
import llm.providers.local  # noqa: E402, F401 what a worker needs is loaded once
from llm.batches import runner, service  # noqa: E402, F401
from llm.batches.texts import Text  # noqa: E402
from llm.extraction.schemas import of_code  # noqa: E402
from llm.models import Batch, Call  # noqa: E402
from llm.types import Owner  # noqa: E402
from prompts.service import install_starters  # noqa: E402


def say(**what: Any) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


def make(count: int) -> None:
    call_command("migrate", verbosity=0)
    install_starters()
    alice = User.objects.create_user("alice")
    order = service.Order(schema=of_code()["sentiment"], concurrency=4)
    service.start(order, [Text(text=f"Text {n}.") for n in range(count)], Owner(user_id=alice.pk))
    say(made=count)


def look() -> None:
    batch = Batch.objects.get()
    say(
        status=batch.status,
        counted=[batch.done, batch.failed],
        input_tokens=batch.input_tokens,
        done=list(batch.items.filter(status="done").values_list("text", flat=True)),
        sum=batch.items.aggregate(sum=Sum("input_tokens"))["sum"],
        booked=Call.objects.count(),
    )


def work() -> None:
    say(pid=os.getpid())
    call_command("ox_worker", interval=0.1, concurrency=2, verbosity=0, skip_checks=True)


def in_a_child(run: Callable[[], None]) -> None:
    if os.fork():
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        run()
    finally:
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave at once
    for line in sys.stdin:
        order = json.loads(line)
        in_a_child(partial(make, order["make"]) if "make" in order else work if "work" in order else look)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

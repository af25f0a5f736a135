"""Web processes of Parley, forked from one that has imported it all: `python -m tests.services.chat_child`.

It reads orders, a JSON object a line. `{"make": true}` makes the tables and two people, and prints their
keys. `{"serve": n, ...}` begins process `n`, which prints `{"serve": n, "pid": ..., "port": ...}` and serves
until SIGTERM: `pace` sets the keeper's timers, `drain` the seconds that answers get at the end, `lost` the
share of the channel layer's messages that do not arrive there, `seed` which, `lease` how long one lasts,
`port` where it listens. The end of its input ends them all.
"""

import json
import os
import random
import signal
import sys
import threading
from dataclasses import replace
from functools import partial
from typing import Any

import django

django.setup()

import uvicorn  # noqa: E402 the apps come first
from channels.layers import get_channel_layer  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.tasks import default_task_backend  # noqa: E402

import llm.providers.local  # noqa: E402, F401 a server loads it while it starts
from chat import keeper, runner  # noqa: E402
from chat.keeper import Pace  # noqa: E402
from config.asgi import application  # noqa: E402
from config.draining import Server  # noqa: E402
from config.lifespan import Lifespan  # noqa: E402
from config.websocket import Protocol  # noqa: E402
from llm import pricing  # noqa: E402
from llm.models import ApiKey  # noqa: E402
from llm.types import Usage  # noqa: E402
from prompts.content import STOP  # noqa: E402
from prompts.models import PRODUCTION, Prompt  # noqa: E402
from prompts.service import install_starters, move_label, save_version  # noqa: E402


class Lossy:
    """A channel layer of which a share of what is sent does not arrive here."""

    def __init__(self, layer: Any, share: float, seed: int) -> None:
        self._layer = layer
        self._share = share
        self._random = random.Random(seed)  # noqa: S311

    async def receive(self, channel: str) -> Any:
        while True:
            message = await self._layer.receive(channel)
            if self._random.random() >= self._share:
                return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


class Told(Server):
    """Says where it listens."""

    number: int

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        say(serve=self.number, pid=os.getpid(), port=self.servers[0].sockets[0].getsockname()[1])


def say(**what: Any) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())  # at once and in one piece: others write here too


def make() -> None:
    call_command("migrate", verbosity=0)
    install_starters()
    _add_prompt("while-read", on_disconnect=STOP)
    keys = {}
    for name in ("alice", "bob"):
        _, keys[name] = ApiKey.objects.issue(user=User.objects.create_user(name), name="test")
    say(**keys)


def _add_prompt(slug: str, **how: Any) -> None:
    content = replace(Prompt.objects.get(slug="assistant").versions.get().content, **how)
    prompt = Prompt.objects.create(slug=slug, title=slug)
    move_label(prompt, PRODUCTION, save_version(prompt, content, author=None), who=None)


def serve(order: dict[str, Any]) -> None:
    layer = None
    if settings.PARLEY.redis_url:
        layer = Lossy(get_channel_layer(), order.get("lost", 0), order.get("seed", 0))
    default_task_backend.options["LOCK_TIMEOUT"] = order.get("lease", 9.0) + 1
    startup = partial(keeper.startup, Pace(**order.get("pace", {})), layer)
    app = Lifespan(
        application.app, on_startup=[startup], on_drain=[runner.drain], seconds=order.get("drain", 1.0)
    )
    config = uvicorn.Config(
        app,
        port=order.get("port", 0),
        lifespan="on",
        ws=Protocol,
        log_config=None,
        timeout_graceful_shutdown=3,
    )
    server = Told(config, app)
    server.number = order["serve"]
    server.run()


def in_a_child(work: Any) -> None:
    assert threading.active_count() == 1, "A fork would copy locks that nobody opens."
    if os.fork():
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        work()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave at once
    pricing.cost("openai:gpt-5.5", Usage())
    for line in sys.stdin:
        order = json.loads(line)
        in_a_child(make if order.get("make") else partial(serve, order))
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

"""A web process of Parley: `python -m tests.services.chat_child OPTIONS`, options as JSON.

It prints its port and serves until SIGTERM. `pace` sets the keeper's timers, `drain` the seconds that
answers get at the end, `lost` the share of the channel layer's messages that do not arrive. With `make` it
makes the database and two people instead, and prints their keys.
"""

import json
import random
import sys
from functools import partial
from types import FrameType
from typing import Any

import django

django.setup()

import uvicorn  # noqa: E402 the apps come first
from channels.layers import get_channel_layer  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

from chat import keeper, runner  # noqa: E402
from chat.keeper import Pace  # noqa: E402
from config.asgi import application  # noqa: E402
from config.lifespan import Lifespan  # noqa: E402
from llm.models import ApiKey  # noqa: E402
from prompts.service import install_starters  # noqa: E402


class Lossy:
    """A channel layer that loses a share of what is sent to groups."""

    def __init__(self, layer: Any, share: float) -> None:
        self._layer = layer
        self._share = share
        self._random = random.Random(7)  # noqa: S311 the same losses in every run

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self._random.random() >= self._share:
            await self._layer.group_send(group, message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


class Server(uvicorn.Server):
    """Prints its port, and drains from the signal on, as the server of `start` does."""

    def __init__(self, config: uvicorn.Config, app: Lifespan) -> None:
        super().__init__(config)
        self.app = app

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.app.begin_drain()
        super().handle_exit(sig, frame)


def make() -> None:
    call_command("migrate", verbosity=0)
    install_starters()
    keys = {}
    for name in ("alice", "bob"):
        _, keys[name] = ApiKey.objects.issue(user=User.objects.create_user(name), name="test")
    print(json.dumps(keys), flush=True)


def serve(options: dict[str, Any]) -> None:
    layer = None
    if settings.PARLEY.redis_url:
        layer = Lossy(get_channel_layer(), options.get("lost", 0))
    startup = partial(keeper.startup, Pace(**options.get("pace", {})), layer)
    seconds = options.get("drain", 1.0)
    app = Lifespan(application.app, on_startup=[startup], on_drain=[runner.drain], seconds=seconds)
    config = uvicorn.Config(app, port=0, lifespan="on", log_config=None, timeout_graceful_shutdown=3)
    Server(config, app).run()


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    if options.get("make"):
        make()
    else:
        serve(options)

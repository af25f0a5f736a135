"""uvicorn that goes on serving while what is in flight ends."""

import asyncio
from types import FrameType
from typing import Any

import uvicorn

from config.lifespan import Lifespan


class Server(uvicorn.Server):
    """Drains from the signal on, and closes its doors after that.

    Until then answers stream on through their sockets, and /ready tells whoever sends visitors here to send
    no more. Where others hold the `shared` door too, new visitors are left to them at once.
    `config.timeout_graceful_shutdown` bounds all of it.
    """

    def __init__(self, config: uvicorn.Config, application: Lifespan, *, shared: bool = False) -> None:
        super().__init__(config)
        self.application = application
        self.shared = shared

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.application.begin_drain()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: Any = None) -> None:
        if self.shared:
            for server in self.servers:
                server.close()
        began = asyncio.get_running_loop().time()
        drained = self.application.drain()
        while not drained.done() and not self.force_exit:
            await asyncio.wait([drained], timeout=0.1)
        used = int(asyncio.get_running_loop().time() - began)
        self.config.timeout_graceful_shutdown = max(1, (self.config.timeout_graceful_shutdown or 0) - used)
        await super().shutdown(sockets)

"""The whole web application behind a real socket, in a thread of the test process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from chat import keeper, runner
from config.asgi import application
from config.lifespan import Lifespan
from config.websocket import Protocol


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        self.listens.set()

    @property
    def port(self) -> int:
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


@contextmanager
def live_server() -> Iterator[str]:
    """Serve Parley on a free port; yields its address. Its loop is the process's while it runs."""
    app = Lifespan(application.app, on_startup=[keeper.startup], on_drain=[runner.drain], seconds=1)
    server = _Server(
        uvicorn.Config(
            app, port=0, lifespan="on", ws=Protocol, log_level="error", timeout_graceful_shutdown=2
        )
    )
    thread = threading.Thread(target=server.run, name="live-server")
    thread.start()
    try:
        assert server.listens.wait(10), "The server did not start."
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.should_exit = True
        thread.join(10)
        runner.reset()  # a process of tests goes on

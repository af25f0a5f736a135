"""A server process of `start`: `python -m config.serve --fd N` answers on a socket that is open already.

The socket belongs to whoever starts this, so that a process which dies takes no visitor's connection
attempt with it, and several processes share one port.
"""

import argparse
import asyncio
import contextlib
import socket

from config.asgi import application
from config.lifespan import DRAIN
from config.listening import CannotListen, claim

MOST_BYTES = 4 * 1024 * 1024  # of a WebSocket message: above the chat's own limit, which answers with a frame


def serve_uvicorn(descriptor: int, *, shared: bool) -> None:
    """Serve until SIGTERM and through the drain; a `shared` socket is left to the others at once."""
    import uvicorn

    from config.bounded import BoundedHttp
    from config.draining import Server
    from config.websocket import Protocol

    config = uvicorn.Config(
        application,
        lifespan="on",
        http=BoundedHttp,
        ws=Protocol,
        ws_max_size=MOST_BYTES,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,  # Django's
        log_level="warning",
        timeout_graceful_shutdown=int(DRAIN),
    )
    Server(config, application, shared=shared).run(sockets=[socket.socket(fileno=descriptor)])


def serve_daphne(descriptor: int, *, shared: bool) -> None:
    """Serve until SIGTERM and through the drain; a `shared` socket is left to the others at once."""
    from daphne.server import Server, twisted_loop  # installs Twisted's reactor, so it comes first
    from twisted.internet import defer, reactor

    def finish() -> defer.Deferred[None]:
        if shared:
            for listener in server.listeners:
                listener.addCallback(lambda port: port.stopListening())
        return defer.Deferred.fromFuture(asyncio.ensure_future(application.finish(), loop=twisted_loop))

    reactor.addSystemEventTrigger("before", "shutdown", finish)  # type: ignore[arg-type]
    server = Server(
        application,
        endpoints=[f"fd:fileno={descriptor}"],
        websocket_max_message_size=MOST_BYTES,
        websocket_max_frame_size=MOST_BYTES,
        verbosity=0,
    )
    server.run()


SERVERS = {"uvicorn": serve_uvicorn, "daphne": serve_daphne}


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(prog="python -m config.serve", description=__doc__)
    where = made.add_mutually_exclusive_group(required=True)
    where.add_argument("--fd", type=int)
    where.add_argument("--listen", metavar="HOST:PORT")
    made.add_argument("--server", choices=SERVERS, default="uvicorn")
    return made


def main() -> None:
    """Serve on the socket `--fd`, or on one of its own at `--listen`."""
    options = parser().parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        if options.fd is None:
            SERVERS[options.server](_listening(options.listen), shared=False)
        else:
            SERVERS[options.server](options.fd, shared=True)


def _listening(where: str) -> int:
    host, _, port = where.rpartition(":")
    try:
        return claim(host, int(port)).detach()
    except (CannotListen, ValueError) as error:
        raise SystemExit(f"parley: {error}") from None


if __name__ == "__main__":
    main()

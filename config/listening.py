"""Ports of this machine: the one that visitors use, and a free one for a child."""

import errno
import socket

BACKLOG = 2048
LOOPBACK = "127.0.0.1"


class CannotListen(Exception):
    """The address cannot be used; the text is one line that says what to do."""


def claim(host: str, port: int) -> socket.socket:
    """Open the port and keep it; raises CannotListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(_reason(error, host, port)) from error


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 that is what is being left
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_port() -> int:
    """Return a port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Stop what uses it, or take another one: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that you do not have. Take one from 1024 on: --port 8000"
    return (
        f"Parley cannot listen on {host}: {error.strerror}. Name an address of this machine: --host 127.0.0.1"
    )

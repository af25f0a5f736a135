"""The local model as a process of its own, for recordings and for tests of a real model."""

import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TRIES, PAUSE = 300, 0.2  # a minute on a busy machine


@contextmanager
def local_model(*options: str) -> Iterator[str]:
    """Serve it on a free port while the block runs; yields its address. Options are those of its command.

    It computes in one thread, unless an option says otherwise: other tests may run beside it, and two threads
    that wait for each other on a busy processor are slower than one.
    """
    port = _free_port()
    command = (sys.executable, "-m", "llm.local_model", "--port", str(port), "--threads", "1", *options)
    server = subprocess.Popen(command)  # noqa: S603 our own module
    tick = threading.Event()
    try:
        for _ in range(TRIES):
            if _healthy(port):
                break
            if server.poll() is not None:
                raise RuntimeError("The local model ended before it was up.")
            tick.wait(PAUSE)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()

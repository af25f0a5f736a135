"""The whole product as it runs in production: one server process, with authentication, ledger and log."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from tests.bench.processes import PATIENCE, ROOT, SERVER, Child, module
from tests.bench.run import Unreliable
from tests.bench.servers import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running Parley with a person's key and her conversations."""

    server: Server
    key: str
    conversations: list[str]

    @property
    def child(self) -> Child:
        return self.server.child

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def sockets(self, count: int) -> list[str]:
        """Return the addresses of `count` conversations' sockets."""
        return [f"ws://127.0.0.1:{self.server.port}/ws/chat/{one}/" for one in self.conversations[:count]]


@contextlib.contextmanager
def site(model: Server, *, conversations: int = 1) -> Iterator[Site]:
    """Make a database of its own and serve it from one process on one core."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PARLEY_ENV_FILE": "",
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "REDIS_URL": "",
            "SECRET_KEY": "only-for-benchmarks",
            "OPENAI_API_KEY": "bench",
            "OPENAI_BASE_URL": f"{model.http}/v1",
            "PARLEY_MODELS": "openai:bench-8-0",
            "PARLEY_RATE": "10000000/minute",
            "PARLEY_QUOTA": "10000000/minute",
            "PARLEY_DEADLINE": "600",
        }
        made = _prepared(environment, conversations)
        with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
            port, descriptor = listening.getsockname()[1], listening.fileno()
            with module(
                "Parley", "config.serve", "--fd", str(descriptor),
                cores=SERVER, environment=environment, descriptors=(descriptor,),
            ) as child:  # fmt: skip
                child.until_listening(port)
                running = Site(server=Server(child=child, port=port), **made)
                _wake(running)
                yield running


def _wake(running: Site) -> None:
    """Ask once: the socket listens before the server is there, and what it loads is nobody's share."""
    asked = {"model": "openai:bench-8-0", "messages": [{"role": "user", "content": "Wake up."}]}
    headers = running.headers | {"Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", running.server.port, timeout=PATIENCE)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(asked), headers)
        status = connection.getresponse().status
    except OSError as error:
        raise Unreliable(f"{running.child.name} does not answer: {error}.") from error
    finally:
        connection.close()
    if status != 200:
        raise Unreliable(f"{running.child.name} answers with {status}.")


def _prepared(environment: dict[str, str], conversations: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.prepare", str(conversations)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise Unreliable(f"The database could not be made: {' '.join(command)} ended with {done.returncode}.")
    made: dict[str, Any] = json.loads(done.stdout)
    return made

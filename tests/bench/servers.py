"""What stands beside Parley in a bench: the scripted model, the floor, the bare view."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.processes import LOAD, SERVER, Child, free_port, module


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process that listens."""

    child: Child
    port: int

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def _serving(name: str, program: str, cores: set[int], *arguments: str) -> Iterator[Server]:
    port = free_port()
    with module(name, program, str(port), *arguments, cores=cores) as child:
        child.until_listening(port)
        yield Server(child=child, port=port)


def upstream() -> contextlib.AbstractContextManager[Server]:
    """Start the scripted model."""
    return _serving("The scripted model", "tests.bench.upstream", LOAD)


def floor(model: Server) -> contextlib.AbstractContextManager[Server]:
    """Start the bare relay."""
    return _serving("The floor", "tests.bench.floor", SERVER, str(model.port))


def bare_view() -> contextlib.AbstractContextManager[Server]:
    """Start a django-ninja view that reads one row."""
    return _serving("The bare view", "tests.bench.bare", SERVER)

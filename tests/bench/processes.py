"""Servers and load in processes of their own: started, pinned, weighed, and never left behind."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.bench.run import Unreliable

ROOT = Path(__file__).resolve().parents[2]
PAGE = os.sysconf("SC_PAGE_SIZE")
CORES = sorted(os.sched_getaffinity(0))
SERVER, LOAD = {CORES[0]}, set(CORES[1:]) or {CORES[0]}
PATIENCE = 240.0  # seconds for a server to listen: LiteLLM takes half a minute on a free machine
LISTENING = "0A"  # in /proc/net/tcp


class Child:
    """A process that may read `told`. `cpu` and `memory` are of it alone, in seconds and resident bytes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        cores: set[int],
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        told: str = "",
    ) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=descriptors,
        )
        os.sched_setaffinity(self.process.pid, cores)
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(told)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def report(self) -> dict[str, Any]:
        """Return the next line that it prints, which is JSON."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said:
            raise Unreliable(f"{self.name} ended with code {self.process.wait()} before it was done.")
        found: dict[str, Any] = json.loads(said)
        return found

    @property
    def cpu(self) -> float:
        self.must_live()
        return time.clock_gettime((~self.process.pid << 3) | 2)  # clock_getcpuclockid(3), all its threads

    @property
    def memory(self) -> int:
        self.must_live()
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    def must_live(self) -> None:
        """Raise Unreliable if it has ended."""
        if (code := self.process.poll()) is not None:
            raise Unreliable(f"{self.name} ended with code {code} while it was measured.")

    def until_listening(self, port: int) -> None:
        """Wait until it listens on `port`; raises Unreliable if somebody else does."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.must_live()
            if listening := _listening(port):
                if not listening <= self._sockets():
                    raise Unreliable(f"Port {port} is taken: another than {self.name} would be measured.")
                return
            time.sleep(0.05)
        raise Unreliable(f"{self.name} did not listen on port {port} within {PATIENCE:.0f} s.")

    def _sockets(self) -> set[str]:
        """Return the inodes of its sockets."""
        return {link[8:-1] for link in self._links() if link.startswith("socket:[")}

    def _links(self) -> Iterator[str]:
        for file in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed just now
                yield str(file.readlink())


def _listening(port: int) -> set[str]:
    """Return the inodes of what listens on a port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {line[9] for line in lines if line[3] == LISTENING and int(line[1].rpartition(":")[2], 16) == port}


def module(name: str, module: str, *arguments: str, cores: set[int], **rest: Any) -> Child:
    """Start a Python module of this project."""
    return Child(name, [sys.executable, "-m", module, *arguments], cores=cores, **rest)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def machine() -> str:
    """Name the machine that the figures are of."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    version = ".".join(map(str, sys.version_info[:3]))
    busy = os.getloadavg()[0]
    return (
        f"{names[0] if names else 'unknown processor'}, {len(CORES)} cores, Linux {os.uname().release}, "
        f"Python {version}; {busy:.1f} processes wanted a core in the last minute"
    )

"""Writes down when it is there and when it ends, and ends when it is asked to."""

import signal
import sys
from pathlib import Path
from typing import Any

journal = Path(sys.argv[1])
name = sys.argv[2] if len(sys.argv) > 2 else "child"


def note(what: str) -> None:
    with journal.open("a") as file:
        file.write(f"{name} {what}\n")


def end(*_: Any) -> None:
    note("ended")
    raise SystemExit


signal.signal(signal.SIGTERM, end)
note("born")
while True:
    signal.pause()

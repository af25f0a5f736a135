"""Does not end when it is asked to."""

import signal
import sys
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text("child born\n")
while True:
    signal.pause()

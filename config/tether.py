"""Ties a process to its parent: `python -m config.tether FD MODULE ...` runs MODULE and ends with the parent.

FD is the read end of a pipe whose write end the parent alone holds. Nothing is ever written to it, so a
read returns when the parent is gone, however it went.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE = 35.0  # seconds between the request to end and the end; the server lets answers finish meanwhile


def watch(descriptor: int) -> None:
    """Wait for the parent's end, then ask this process to end, then end it."""
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def main() -> None:
    """Run the module in this very process."""
    descriptor, module, *arguments = sys.argv[1:]
    # Ctrl-C reaches the whole process group; the parent says who ends when.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=watch, args=(int(descriptor),), name="tether", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

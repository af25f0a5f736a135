"""Starts a tethered child and lives until it is killed."""

import signal
import sys

from config.child import Child, Program

child = Child(Program(name="child", module="tests.config.programs.obedient", arguments=(sys.argv[1],)))
child.start()
assert child.process
print(child.process.pid, flush=True)
signal.pause()

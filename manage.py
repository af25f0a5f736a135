#!/usr/bin/env python
"""Parley's command line: `uv run manage.py start` runs everything."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from llm import runloop

    try:
        execute_from_command_line(sys.argv)
    finally:
        runloop.stop()  # what a command began goes on the books before it ends


if __name__ == "__main__":
    main()

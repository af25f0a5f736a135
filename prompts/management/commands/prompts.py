"""`manage.py prompts export|import|check DIR`: prompts as files for version control."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from prompts import exchange

DRIFT, UNUSABLE = 1, 2  # exit codes

HELP = {
    "export": "write each prompt's newest version to DIR",
    "import": "make a version of each file that differs from the newest version",
    "check": "compare; exits 1 if files and database differ, 2 if a file cannot be used",
}


class Command(BaseCommand):
    help = "Keep prompts as Markdown files: every .md file in DIR is one prompt, named by its slug."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="export|import|check")
        for name, text in HELP.items():
            action = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
            action.add_argument("folder", type=Path, metavar="DIR")
            if name == "import":
                action.add_argument(
                    "--publish", action="store_true", help="point production at what the files say"
                )

    def handle(self, *, action: str, folder: Path, **options: Any) -> None:
        """Do it, and say in lines what was done; the exit code says how it went."""
        try:
            match action:
                case "export":
                    self._export(folder)
                case "import":
                    self._import(folder, publish=options["publish"])
                case _:
                    self._check(folder)
        except exchange.UnusableFiles as error:
            for line in error.lines:
                self.stderr.write(line)
            sys.exit(UNUSABLE)
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            fix = "Check DATABASE_URL and run `manage.py migrate`."
            raise CommandError(
                f"The database cannot be used: {reason}. {fix}", returncode=UNUSABLE
            ) from error

    def _export(self, folder: Path) -> None:
        self._say(exchange.export(folder), "Nothing to write: the files hold the newest versions.")

    def _import(self, folder: Path, *, publish: bool) -> None:
        self._say(exchange.take_in(folder, publish=publish), "Nothing to import: the database says the same.")

    def _check(self, folder: Path) -> None:
        if self._say(exchange.drift(folder), "Files and database say the same."):
            sys.exit(DRIFT)

    def _say(self, lines: Iterable[str], otherwise: str) -> bool:
        """Print the lines as they come, or if there is none, the one sentence; True if there was one."""
        said = False
        for line in lines:
            self.stdout.write(line)
            said = True
        if not said:
            self.stdout.write(otherwise)
        return said

"""`manage.py person export NAME` and `manage.py person erase NAME`: what the site knows of a person."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from config.personal.erasing import Count, erase, preview
from config.personal.exporting import export


class Command(BaseCommand):
    help = "Export all that the site knows of a person, or erase it: the ledger keeps the amounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("export", "erase"))
        parser.add_argument("name", help="the name that the person signs in with")
        parser.add_argument("--to", type=Path, help="the file to export to; default: NAME.zip")
        parser.add_argument("--yes", action="store_true", help="erase; without it only say what would go")

    def handle(self, *, action: str, name: str, to: Path | None, yes: bool, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user named {name!r}.")
        if action == "export":
            self._export(user, to or Path(f"{name}.zip"))
        else:
            self._erase(user, sure=yes)

    def _export(self, user: User, path: Path) -> None:
        try:
            with path.open("xb") as file:
                export(user, file)
        except FileExistsError:
            raise CommandError(f"{path} exists already. Name another file with --to.") from None
        path.chmod(0o600)
        self.stdout.write(f"{path}: all that the site knows of {user.get_username()}")

    def _erase(self, user: User, *, sure: bool) -> None:
        if not sure:
            self._tell(preview(user))
            raise CommandError("Nothing was erased. Say --yes to erase this; nothing brings it back.")
        self._tell(erase(user))
        self.stdout.write("erased")

    def _tell(self, counts: Iterable[Count]) -> None:
        for count in counts:
            self.stdout.write(f"{count.rows:>12,} {count.name}: {count.fate}")

"""`manage.py purge`: retention."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from llm.retention import Old, all_old, remove


class Command(BaseCommand):
    help = "Remove what is older than the site keeps it (PARLEY_RETENTION_DAYS). The ledger's rows stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        for old in all_old(timezone.now()):
            self.stdout.write(_forecast(old) if dry_run else _removed(old))


def _forecast(old: Old) -> str:
    return f"{old.name}: {old.rows.count():,} would be removed ({old.why})"


def _removed(old: Old) -> str:
    return f"{old.name}: {remove(old.rows):,} removed ({old.why})"

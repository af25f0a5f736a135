"""`manage.py create_api_key --user NAME --name TEXT`."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from llm.models import ApiKey


class Command(BaseCommand):
    help = "Make an API key and print it, once: only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="the name of the user that the key acts for")
        parser.add_argument("--name", required=True, help="what the key is for, to tell keys apart")

    def handle(self, *args: Any, user: str, name: str, **options: Any) -> None:
        """Print the key alone, so that a script can read it."""
        person = get_user_model().objects.filter(username=user).first()
        if person is None:
            raise CommandError(f"There is no user named {user!r}. Make one in the admin first.")
        if not person.is_active:
            raise CommandError(f"The user {user!r} is not active, so a key would open nothing.")
        if not name.strip() or len(name) > 100:
            raise CommandError("Give the key a name of 1 to 100 characters.")
        _, key = ApiKey.objects.issue(user=person, name=name.strip())
        self.stdout.write(key)

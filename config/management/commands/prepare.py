"""`manage.py prepare`: what a site needs before it serves, for those who start its parts themselves."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import first_run


class Command(BaseCommand):
    help = "Bring the tables up to date, install the starter prompts, make the first user."
    requires_system_checks = ["parley"]

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"database   {first_run.prepare_database()}")
        except first_run.NoDatabase as error:
            raise SystemExit(f"parley: {error}") from None
        password = settings.PARLEY.parley_admin_password.get_secret_value()
        self.stdout.write(f"admin      {first_run.ensure_admin(password)}")

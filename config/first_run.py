"""What a site needs before it serves: tables, starter prompts, an administrator. All may exist already."""

import secrets
import sqlite3
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config.environment import BASE_DIR
from prompts.service import install_starters

ADMIN = "admin"
MENDED_SQLITE = (3, 51, 3)  # older ones may, very rarely, damage a write-ahead log that several processes use


class NoDatabase(Exception):
    """The database cannot be used; the text is one line."""


def prepare_database() -> str:
    """Bring the tables up to date and install the starter prompts; say what was done. Raises NoDatabase."""
    try:
        applied = _migrate()
        install_starters()
    except (DatabaseError, OSError) as error:
        reason = " ".join(str(error).split())
        raise NoDatabase(f"The database cannot be used: {reason}. Check DATABASE_URL.") from error
    done = f"{applied} migrations applied" if applied else "up to date"
    return f"{_name()}, {done}{_remark()}"


def ensure_admin(password: str) -> str:
    """Make the user `admin` if there is none, with `password` or a new one; say how to sign in."""
    users = get_user_model()
    if users.objects.filter(username=ADMIN).exists():
        return f"sign in as {ADMIN}"
    users.objects.create_superuser(ADMIN, password=password or (made := secrets.token_urlsafe(12)))
    if password:
        return f"made: sign in as {ADMIN} with the password of PARLEY_ADMIN_PASSWORD"
    return f"made: sign in as {ADMIN} with the password  {made}  (shown once)"


def _migrate() -> int:
    if connection.vendor == "sqlite":
        Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    elif connection.vendor == "postgresql":
        _knock()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", database=DEFAULT_DB_ALIAS, verbosity=0, interactive=False)
    return len(plan)


def _knock() -> None:
    """Connect once without the pool, which would try for long and then not say why it cannot."""
    import psycopg  # not needed where SQLite is used

    parameters = {"connect_timeout": 5, **connection.get_connection_params()}
    with connection.wrap_database_errors:
        psycopg.connect(**parameters).close()


def _name() -> str:
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        path = Path(parts["NAME"])
        return str(path.relative_to(BASE_DIR) if path.is_relative_to(BASE_DIR) else path)
    return f"{parts['NAME']} on {parts['HOST'] or 'this machine'} ({connection.display_name})"


def _remark() -> str:
    if connection.vendor != "sqlite" or sqlite3.sqlite_version_info >= MENDED_SQLITE:
        return ""
    return f" (SQLite {sqlite3.sqlite_version}; 3.51.3 and later are safer)"

"""Who wrote a file, as git tells."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

QUIET = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")  # a look must not start programs
WAIT = 20  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The author of a commit."""

    name: str
    email: str

    @property
    def account(self) -> User | None:
        """The one account that has the e-mail address."""
        found = list(User.objects.filter(email__iexact=self.email)[:2]) if self.email else []
        return found[0] if len(found) == 1 else None


def author_of(path: Path) -> Author | None:
    """Return who committed the file as it is; None without git, or while a change is not committed."""
    if _git(path, "status", "--porcelain", "--", path.name) != "":
        return None
    name, _, email = (_git(path, "log", "-1", "--format=%aN%x00%aE", "--", path.name) or "").partition("\0")
    return Author(name=name, email=email.strip()) if name else None


def _git(path: Path, *command: str) -> str | None:
    """Return what git says in the file's folder, or None if there is no git or no repository."""
    git = shutil.which("git")
    if git is None:
        return None
    whole = [git, "--no-pager", "-C", str(path.parent), *QUIET, *command]
    try:
        done = subprocess.run(whole, capture_output=True, timeout=WAIT, check=False)  # noqa: S603 fixed words
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None

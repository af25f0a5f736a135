"""Who wrote a file, as git tells."""

import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from prompts.authors import Author, author_of

ADA = Author(name="Ada Lovelace", email="ada@example.com")


def git(folder: Path, *command: str) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgSign=false")
    subprocess.run(["git", "-C", folder, *who, *command], check=True, capture_output=True)


def commit(path: Path, text: str, author: Author = ADA) -> None:
    """Write the file and commit it in its folder's repository."""
    path.write_text(text)
    git(path.parent, "init", "--quiet")
    git(path.parent, "add", path.name)
    git(path.parent, "commit", "--quiet", "-m", "x", "--author", f"{author.name} <{author.email}>")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "greeting.md"


def test_names_who_committed_the_file_last(path: Path) -> None:
    bo = Author(name="Bö", email="bo@example.com")
    commit(path, "one", bo)
    commit(path, "two")
    commit(path.with_name("other.md"), "three", bo)
    assert author_of(path) == ADA


def test_a_change_that_is_not_committed_has_no_author(path: Path) -> None:
    commit(path, "one")
    path.write_text("two")
    assert author_of(path) is None


def test_a_new_file_has_no_author(path: Path) -> None:
    commit(path, "one")
    other = path.with_name("other.md")
    other.write_text("two")
    assert author_of(other) is None


def test_without_a_repository_there_is_no_author(path: Path) -> None:
    path.write_text("one")
    assert author_of(path) is None


def test_the_account_is_the_one_with_the_address(alice: User, bob: User) -> None:
    alice.email = "Ada@Example.com"
    alice.save()
    assert ADA.account == alice
    bob.email = "ada@example.com"
    bob.save()
    assert ADA.account is None  # either of two
    assert Author(name="Carol", email="").account is None

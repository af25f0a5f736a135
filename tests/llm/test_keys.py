"""API keys: made by the command, stored as a hash, closed for good."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from llm.models import ApiKey


def made(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_key_alone(alice: User) -> None:
    printed = made("--user", "alice", "--name", "laptop")
    row = ApiKey.objects.get()
    assert printed == printed.strip() + "\n"
    assert printed.startswith("parley_")
    assert (row.user, row.name, row.hint) == (alice, "laptop", printed.strip()[-4:])


def test_the_key_is_stored_nowhere(alice: User) -> None:
    key = made("--user", "alice", "--name", "laptop").strip()
    assert all(key not in str(value) for value in ApiKey.objects.values_list().get())


def test_two_keys_differ(alice: User) -> None:
    assert made("--user", "alice", "--name", "a") != made("--user", "alice", "--name", "a")


@pytest.mark.parametrize(
    ("user", "name", "word"), [("nobody", "laptop", "no user named 'nobody'"), ("alice", " ", "name")]
)
def test_the_command_says_what_is_wrong(alice: User, user: str, name: str, word: str) -> None:
    with pytest.raises(CommandError, match=word):
        made("--user", user, "--name", name)
    assert not ApiKey.objects.exists()


def test_an_inactive_user_gets_no_key(alice: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        made("--user", "alice", "--name", "laptop")


def test_the_first_revocation_counts(alice: User) -> None:
    row, _ = ApiKey.objects.issue(user=alice, name="laptop")
    row.revoke()
    first = row.revoked_at
    row.revoke()
    assert (row.revoked_at, row.state) == (first, "revoked")
    assert not ApiKey.objects.usable().exists()

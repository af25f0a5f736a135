"""History is append-only, in the models and in the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from prompts.errors import Immutable, InvalidPrompt
from prompts.models import Prompt, PromptMove, PromptVersion
from tests.prompts.factories import make_prompt


@pytest.fixture
def version(db: None) -> PromptVersion:
    return PromptVersion.objects.get(prompt=make_prompt())


def rename(version: PromptVersion) -> None:
    version.note = "changed"
    version.save()


@pytest.mark.parametrize(
    "change",
    [
        rename,
        lambda version: version.delete(),
        lambda _: PromptVersion.objects.update(note="changed"),
        lambda _: PromptVersion.objects.filter(number=1).update(author=None),
        lambda _: PromptVersion.objects.all().delete(),
        lambda version: version.prompt.versions.all().delete(),
        lambda version: PromptVersion.objects.bulk_update([version], ["note"]),
        lambda _: PromptMove.objects.update(why="changed"),
        lambda _: PromptMove.objects.all().delete(),
    ],
)
def test_the_models_refuse_to_change_history(
    version: PromptVersion, change: Callable[[PromptVersion], Any]
) -> None:
    with pytest.raises(Immutable), transaction.atomic():
        change(version)
    assert PromptVersion.objects.get().note == ""


def test_a_copy_with_the_same_id_is_refused(version: PromptVersion) -> None:
    copy = PromptVersion(
        pk=version.pk, prompt=version.prompt, number=9, messages=[{"role": "user", "content": "x"}]
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


@pytest.mark.parametrize("table", ["prompts_promptversion", "prompts_promptmove"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 100", "UPDATE {} SET {} = 'x'"]
)
def test_the_database_refuses_to_change_history(version: PromptVersion, table: str, statement: str) -> None:
    text = {"prompts_promptversion": "note", "prompts_promptmove": "why"}[table]
    with (
        pytest.raises(IntegrityError, match="History is never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, text))


@pytest.mark.parametrize("column", [field.column for field in PromptVersion._meta.local_fields])
def test_the_database_guards_every_column(version: PromptVersion, alice: User, column: str) -> None:
    news: dict[str, Any] = {
        "author_id": alice.pk,
        "id": 99,
        "prompt_id": 99,
        "number": 99,
        "created_at": "2020-01-01 00:00Z",
        "cache_ttl": 99,
    }
    new = news.get(column, "[1]")
    with pytest.raises(IntegrityError, match="History"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE prompts_promptversion SET {column} = %s", [new])  # noqa: S608 a column's name


def test_an_account_can_go_and_its_versions_stay(alice: User) -> None:
    prompt = make_prompt(author=alice)
    alice.delete()
    assert prompt.versions.get().author is None


def test_a_prompt_with_versions_is_never_deleted(version: PromptVersion) -> None:
    with pytest.raises(ProtectedError):
        version.prompt.delete()


def test_numbers_are_distinct(version: PromptVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PromptVersion.objects.create(prompt=version.prompt, number=1, messages=version.messages)


def test_a_wrong_version_is_refused_by_the_model(version: PromptVersion) -> None:
    with pytest.raises(InvalidPrompt):
        PromptVersion.objects.create(
            prompt=version.prompt, number=2, messages=[{"role": "user", "content": "{{ a }}"}]
        )


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_tables_and_the_guards_stand_again() -> None:
    make_prompt()
    call_command("flush", interactive=False, verbosity=0)
    assert not Prompt.objects.exists()
    make_prompt()
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM prompts_promptversion")

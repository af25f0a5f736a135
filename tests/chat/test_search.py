"""What was said is found by its words, by whom it belongs to, whatever is typed."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chat import keeping, reading
from chat.models import Conversation, Message
from chat.search import IN_POSTGRESQL, holding
from tests.chat.threads import add_answer, make_conversation

pytestmark = pytest.mark.django_db


def found(user: User, text: str) -> set[str]:
    return {listed.title for listed in reading.listed(user, search=text)}


@pytest.fixture
def garden(alice: User) -> Conversation:
    made = make_conversation(alice, "When do I prune the Pear-Tree?", "In late winter, été or not.")
    made.title = "Garden"
    made.save()
    return made


@pytest.mark.parametrize(
    "text",
    [
        "prune",
        "PRUNE",
        "pear tree",
        "pear-tree",
        "winter prune",
        "prun",
        '"late winter"',
        "late wint",
        "gard",
        "été",
    ],
)
def test_finds_words_in_any_order_and_the_beginning_of_the_last(garden: Conversation, text: str) -> None:
    # Each message is a text of its own: both words of "winter prune" stand in no single one.
    expected = set() if text == "winter prune" else {"Garden"}
    assert found(garden.owner, text) == expected


@pytest.mark.parametrize("text", ["rune", '"winter late"', "prune apple", "zzz"])
def test_does_not_find_what_is_not_there(garden: Conversation, text: str) -> None:
    assert found(garden.owner, text) == set()


@pytest.mark.parametrize(
    "text",
    ['"', '""', "*", "a*", "^a", "-pear", "NEAR(a b)", "pear AND", "OR", "(", "a:b", "content:pear",
     "owner:u1", "'", "''", "\\", "&", "|", "!pear", "<->", "a:*", "\x00", ":", "%", "_", "😀", "x" * 5000,
     "a " * 500],
)  # fmt: skip
def test_nothing_that_is_typed_is_a_command(garden: Conversation, text: str) -> None:
    found(garden.owner, text.replace("\0", ""))


def test_another_person_s_words_are_not_found(garden: Conversation, bob: User) -> None:
    assert found(bob, "prune") == set()
    assert found(bob, f"owner:u{garden.owner.pk} prune") == set()


def test_scripts_without_spaces_are_found_by_their_letters(alice: User) -> None:
    make_conversation(alice, "我想知道梨树什么时候修剪")
    assert len(reading.listed(alice, search="梨树")) == 1


def test_the_index_follows_what_is_written(alice: User, garden: Conversation) -> None:
    answer = add_answer(garden, "quince", status="streaming")
    Message.objects.filter(pk=answer.pk).update(content="quince and medlar", status="completed")
    assert found(alice, "medlar") == {"Garden"}
    Message.objects.filter(pk=answer.pk).update(content="nothing")
    assert found(alice, "medlar") == set()
    Message.objects.filter(pk=answer.pk).update(content="medlar")
    Message.objects.filter(pk=answer.pk).delete()
    assert found(alice, "medlar") == set()
    keeping.delete(alice, garden.pk)
    assert found(alice, "prune") == set()


def test_a_very_long_message_can_be_written(alice: User) -> None:
    long = " ".join(f"word{n}" for n in range(200_000))
    make_conversation(alice, long)
    assert len(reading.listed(alice, search="word77")) == 1


def test_the_search_goes_through_the_index(garden: Conversation) -> None:
    if connection.vendor == "sqlite":
        plan = Conversation.objects.filter(holding("prune", garden.owner.pk)).explain()
        assert "VIRTUAL TABLE INDEX" in plan
    else:
        with connection.cursor() as cursor:
            # A table of three rows is read whole, unless that is forbidden.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
            cursor.execute(f"EXPLAIN {IN_POSTGRESQL.partition(' AND ')[0]}", ["'prune'"])
            assert "Bitmap Index Scan on chat_search" in str(cursor.fetchall())


def test_the_index_is_whole_after_all_migrations() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'chat_search_%'"
            )
            assert cursor.fetchone() == (3,)

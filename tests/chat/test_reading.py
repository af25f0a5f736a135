"""The list of conversations and one of them as a thread."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from chat import reading
from chat.models import Conversation, GenerationEvent
from tests.chat.threads import add_answer, add_question, make_conversation


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def titles(user: User, **options: object) -> list[str]:
    return [listed.title for listed in reading.listed(user, **options)]  # type: ignore[arg-type]


def test_lists_pinned_ones_first_then_the_latest(alice: User) -> None:
    make_conversation(alice, title="old", updated_at=ago(days=2))
    make_conversation(alice, title="new", updated_at=ago(days=1))
    make_conversation(alice, title="pinned", updated_at=ago(days=3), pinned=True)
    assert titles(alice) == ["pinned", "new", "old"]


def test_lists_nothing_of_others_and_nothing_deleted(alice: User, bob: User) -> None:
    make_conversation(bob, title="his")
    make_conversation(alice, title="gone", deleted_at=timezone.now())
    assert titles(alice) == []


def test_goes_on_after_the_last_one_that_was_listed(alice: User) -> None:
    for number in range(5):
        make_conversation(alice, title=str(number), updated_at=ago(days=number), pinned=number > 2)
    seen: list[str] = []
    before = None
    while page := reading.listed(alice, limit=2, before=before):
        seen += [listed.title for listed in page]
        before = page[-1].id
    assert seen == ["3", "4", "0", "1", "2"]


def test_finds_by_a_part_of_the_title(alice: User) -> None:
    make_conversation(alice, title="Invoice totals")
    make_conversation(alice, title="Release notes")
    assert titles(alice, search="invoice") == ["Invoice totals"]


def test_finds_by_what_was_said(alice: User, bob: User) -> None:
    make_conversation(alice, "How do I prune a PEAR tree?", "In winter.", title="Garden")
    make_conversation(alice, "Hello", title="Other")
    make_conversation(bob, "A pear", title="his")
    assert titles(alice, search="pear") == ["Garden"]


def test_says_where_an_answer_is_being_written(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "", status="streaming")
    listed = reading.listed(alice)[0]
    assert (listed.running, listed.unread) == (True, False)


def test_an_answer_that_ended_unseen_is_unread_until_it_is_read(alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi", read_at=ago(minutes=1))
    assert reading.listed(alice)[0].unread
    reading.mark_read(conversation)
    assert not reading.listed(alice)[0].unread


def test_an_empty_conversation_is_not_unread(alice: User) -> None:
    make_conversation(alice, read_at=ago(minutes=1))
    assert not reading.listed(alice)[0].unread


def test_lists_many_in_one_query(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(5):
        make_conversation(alice, "Hello", "Hi")
    with django_assert_num_queries(1):
        assert len(reading.listed(alice)) == 5


@pytest.mark.parametrize(
    ("days", "heading"),
    [(0, "Today"), (1, "Yesterday"), (2, "Last week"), (7, "Last week"), (8, "Older")],
)
def test_groups_by_age(days: int, heading: str) -> None:
    today = date(2026, 11, 22)
    updated_at = datetime(2026, 11, 22, 12, tzinfo=UTC) - timedelta(days=days)
    listed = reading.Listed(
        id=Conversation().pk,
        title="",
        updated_at=updated_at,
        pinned=False,
        unread=False,
        running=False,
        waiting=False,
    )
    assert [name for name, _ in reading.grouped([listed], today)] == [heading]


def test_a_thread_is_in_order_with_the_facts_of_each_answer(alice: User) -> None:
    first, second = reading.thread(make_conversation(alice, "Hello", "Hi"))
    assert (first.role, first.content, first.generation) == ("user", "Hello", None)
    assert (second.role, second.content, second.parent) == ("assistant", "Hi", first.id)
    assert (second.prompt, second.prompt_version, second.model) == ("assistant", 3, "local:smollm2")
    assert (second.usage.input_tokens, second.cost, second.total_ms) == (112, Decimal(0), 1830)


def test_an_answer_being_written_is_its_snapshot_and_the_log_after_it(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "Hi ", status="streaming", flushes=("Hi ", "there", ", you"))
    answer = reading.thread(conversation)[-1]
    assert (answer.content, answer.seq) == ("Hi there, you", 3)


def test_an_answer_being_written_ends_at_the_first_gap_of_its_log(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    message = add_answer(conversation, "Hi ", status="streaming", flushes=("Hi ", "there", ", ", "you"))
    GenerationEvent.objects.filter(generation__message=message, seq=3).delete()
    answer = reading.thread(conversation)[-1]
    assert (answer.content, answer.seq) == ("Hi there", 2)


def test_an_answer_that_has_ended_is_its_own_text(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "Hi there", flushes=("Hi ", "there", " and more"))
    assert reading.thread(conversation)[-1].content == "Hi there"


def test_of_several_answers_to_a_question_the_newest_is_shown(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    add_answer(conversation, "", status="error")
    add_answer(conversation, "Hi")
    add_question(conversation, "And now?")
    assert [message.content for message in reading.thread(conversation)] == ["Hello", "Hi", "And now?"]


def test_a_branch_is_shown_through_any_of_its_messages(alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi", "And now?", "This")
    hi = conversation.messages.get(content="Hi")
    add_answer(conversation, "That")
    other = conversation.messages.create(role="user", content="Or so?", parent=hi)

    def shown(through: object = None) -> list[str]:
        return [message.content for message in reading.thread(conversation, through)]  # type: ignore[arg-type]

    assert shown() == ["Hello", "Hi", "Or so?"]
    assert shown(hi.pk) == ["Hello", "Hi", "Or so?"]
    assert shown(conversation.messages.get(content="And now?").pk) == ["Hello", "Hi", "And now?", "That"]
    assert shown(conversation.messages.get(content="This").pk) == ["Hello", "Hi", "And now?", "This"]
    assert shown(conversation.pk) == shown()
    versions = reading.thread(conversation, other.pk)[-1]
    assert (versions.position, len(versions.siblings), versions.next) == (2, 2, None)
    assert versions.previous == conversation.messages.get(content="And now?").pk


def test_one_message_knows_its_versions(alice: User) -> None:
    conversation = make_conversation(alice, "Hello", "Hi")
    second = add_answer(conversation, "Hello, you")
    found = reading.message(conversation, second.pk)
    assert found
    assert (found.position, len(found.siblings)) == (2, 2)


def test_reads_a_long_thread_in_three_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = make_conversation(alice, *["Hello", "Hi"] * 10, "More")
    add_answer(conversation, "", status="streaming", flushes=("a", "b"))
    with django_assert_num_queries(3):
        assert len(reading.thread(conversation)) == 22
    with django_assert_num_queries(3):
        assert len(reading.page(conversation, most=5).messages) == 5


def test_a_page_is_the_end_of_a_thread_and_knows_what_to_begin_a_longer_one_with(alice: User) -> None:
    conversation = make_conversation(alice, *(str(n) for n in range(100)))
    last = reading.page(conversation)
    assert [m.content for m in last.messages] == [str(n) for n in range(60, 100)]
    more = reading.page(conversation, first=last.earlier)
    assert [m.content for m in more.messages] == [str(n) for n in range(20, 100)]
    whole = reading.page(conversation, first=more.earlier)
    assert ([m.content for m in whole.messages], whole.earlier) == ([str(n) for n in range(100)], None)


def test_reads_one_message_only_in_its_conversation(alice: User) -> None:
    conversation, other = make_conversation(alice, "Hello"), make_conversation(alice, "Elsewhere")
    message = other.messages.get()
    assert reading.message(conversation, message.pk) is None
    found = reading.message(other, message.pk)
    assert found
    assert found.content == "Elsewhere"

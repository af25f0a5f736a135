from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chat.models import GenerationEvent
from chat.purge import old_events
from llm.retention import remove
from tests.chat.threads import add_answer, make_conversation

LONG_AGO = timezone.now() - timedelta(days=8)


@pytest.mark.django_db
def test_only_the_logs_of_answers_that_ended_long_ago_go(alice: User) -> None:
    conversation = make_conversation(alice, "Hello")
    gone = add_answer(conversation, "ab", flushes=("a", "b"), heartbeat_at=LONG_AGO)
    young = add_answer(conversation, "c", flushes=("c",))
    running = add_answer(conversation, "", status="streaming", flushes=("d",), heartbeat_at=LONG_AGO)
    old = old_events(timezone.now())
    assert remove(old.rows, batch=1) == 2
    kept = GenerationEvent.objects.values_list("generation__message", flat=True)
    assert set(kept) == {young.pk, running.pk}
    gone.refresh_from_db()
    assert gone.content == "ab"

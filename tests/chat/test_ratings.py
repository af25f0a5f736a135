"""Thumbs of a prompt's versions, for who compares them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chat import ratings
from chat.models import Conversation, Feedback, Generation, Message


@pytest.mark.django_db
def test_counts_thumbs_of_each_version(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    for version, value in ((1, 1), (1, 1), (1, -1), (2, -1), (3, 1)):
        message = Message.objects.create(conversation=conversation, role=Message.Role.ASSISTANT)
        Generation.objects.create(message=message, prompt="assistant", prompt_version=version)
        Feedback.objects.create(message=message, value=value)
    since = timezone.now() - timedelta(hours=1)
    assert ratings.of_prompt("assistant", [1, 2], since) == {1: (2, 1), 2: (0, 1)}
    assert ratings.of_prompt("title", [1, 2], since) == {}
    assert ratings.of_prompt("assistant", [1, 2], timezone.now() + timedelta(hours=1)) == {}

"""What the chat knows of a person; the search index follows the messages by itself."""

from collections.abc import Iterator

from django.contrib.auth.models import User

from chat.models import Conversation, Feedback, Generation, GenerationEvent, Message, Preferences
from llm.personal import Holding


def holdings(user: User) -> Iterator[Holding]:
    """Yield all that this app knows of a person, deleted conversations too."""
    yield Holding(name="preferences", rows=Preferences.objects.filter(user=user))
    mine = Conversation.objects.filter(owner=user)
    messages = Message.objects.filter(conversation__in=mine.values("pk"))
    generations = Generation.objects.filter(message__in=messages.values("pk"))
    yield Holding(name="opinions on answers", rows=Feedback.objects.filter(message__in=messages.values("pk")))
    events = GenerationEvent.objects.filter(generation__in=generations.values("pk"))
    yield Holding(name="pieces of answers", rows=events)
    yield Holding(name="answers", rows=generations)
    yield Holding(name="messages", rows=messages)
    yield Holding(name="conversations", rows=mine)

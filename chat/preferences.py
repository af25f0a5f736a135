"""How a person wants the chat to be; a person without a row has not chosen anything."""

from typing import Any

from chat.models import Preferences


def announcements(user: Any) -> str:
    """Return when a screen reader hears of an answer: at its `end`, or by `sentence`."""
    chosen = Preferences.objects.filter(user=user).values_list("announce", flat=True).first()
    return chosen or Preferences.Announce.END.value


def announce(user: Any, way: str) -> None:
    """Keep the choice; raises ValueError for one that there is not."""
    Preferences.objects.update_or_create(user=user, defaults={"announce": Preferences.Announce(way).value})

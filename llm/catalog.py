"""What is known of each model: its provider, what it can do, when it ends. Data, not trial."""

import re

from llm.catalog_data import CARDS, Card
from llm.errors import Rejected

__all__ = ["CURRENT", "PROVIDERS", "Card", "card", "resolve", "split", "undated"]

PROVIDERS = ("openai", "anthropic", "local")
CURRENT = {"openai": "gpt-5.6-luna", "anthropic": "claude-haiku-5-5", "local": "smollm2"}  # to recommend

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
_UNKNOWN = Card()


def split(model: str) -> tuple[str, str]:
    """Return provider and name of `provider:model`."""
    provider, _, name = model.partition(":")
    return provider, name


def resolve(name: str) -> str:
    """Return `provider:model` for a full or a bare model name; raises Rejected for an unknown bare one."""
    provider, model = split(name)
    if provider in PROVIDERS and model:
        return name
    if found := _find(name):
        return f"{found.provider}:{name}"
    ways = ", ".join(f"{provider}:NAME" for provider in PROVIDERS)
    raise Rejected(f"There is no model named {name[:100]!r}. Write its provider before it: {ways}.")


def card(model: str) -> Card:
    """Return the card of `provider:model`, or that of an unknown model."""
    provider, name = split(model)
    found = _find(name)
    return found if found and found.provider == provider else _UNKNOWN


def undated(name: str) -> str:
    """Return the name of the model that a dated name is one of; any other name as it is."""
    return _SNAPSHOT.sub("", name)


def _find(name: str) -> Card | None:
    """A dated name is its model's, unless it has a card of its own."""
    return CARDS.get(name) or CARDS.get(undated(name))

"""What is known of each model: its provider, what it can do, when it ends. Data, not trial."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model can do. The defaults are those of an unknown model."""

    json_schema: bool = True
    tools: bool = True
    temperature: bool = True
    context_tokens: int = 128_000
    default_max_tokens: int = 4096


def split(model: str) -> tuple[str, str]:
    """Return provider and name of `provider:model`."""
    provider, _, name = model.partition(":")
    return provider, name


def resolve(name: str) -> str:
    """Return `provider:model` for a full or a bare model name; raises Rejected for an unknown bare one."""
    return name


def card(model: str) -> Card:
    """Return the card of `provider:model`."""
    return Card()

"""What a person can choose in the composer: who answers, by which prompt, and whether with tools."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from llm import catalog
from llm.agents import registry
from prompts.models import PRODUCTION, PromptLabel

NOT_FOR_CHAT = ("extract-", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option: `value` goes to the server, `name` is for people."""

    value: str
    name: str


def models() -> list[Choice]:
    """Return the site's models in their order; the first choice leaves it to the prompt and the site."""
    chain = settings.PARLEY.model_chain
    named = [Choice(value=model, name=catalog.split(model)[1] or model) for model in chain]
    return [Choice(value="", name=_("Auto (%(model)s)") % {"model": named[0].name}), *named]


def prompts() -> list[Choice]:
    """Return the active prompts that need nothing but a conversation."""
    labels = PromptLabel.objects.filter(name=PRODUCTION).select_related("prompt", "version", "canary")
    return [
        Choice(value=label.prompt.slug, name=str(label.prompt))
        for label in labels.order_by("prompt__slug")
        if not label.prompt.slug.startswith(NOT_FOR_CHAT)
        and not any(
            variable.required
            for version in filter(None, (label.version, label.canary))
            for variable in version.content.variables
        )
    ]


def tools(user: Any) -> list[str]:
    """Return the names of the tools that answers to a person may use."""
    return [tool.name for tool in registry.allowed(user) if tool.name != "complete"]

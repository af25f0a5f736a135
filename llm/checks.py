"""Warn at start about models that are unknown, ending or gone; `manage.py check` shows the same."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils import timezone

from llm import catalog

if TYPE_CHECKING:
    from config.environment import Environment


@checks.register("parley")
def check_models(app_configs: Sequence[AppConfig] | None, **rest: Any) -> list[checks.CheckMessage]:
    """Check each model of the site's chain."""
    return list(model_warnings(settings.PARLEY, timezone.now().date()))


def model_warnings(site: "Environment", today: date) -> Iterator[checks.CheckMessage]:
    """Yield what should be said about the site's chain on that day."""
    for model in site.model_chain:
        provider, name = catalog.split(model)
        card = catalog.card(model)
        hint = f"Name a current one in PARLEY_MODELS, for example {provider}:{catalog.CURRENT[provider]}."
        if card.shut_down(today):
            yield checks.Warning(
                f"{model} is shut down: every call to it fails.", hint=hint, id="parley.W003"
            )
        elif card.ends:
            yield checks.Warning(f"{model} ends on {card.ends:%d %B %Y}.", hint=hint, id="parley.W002")
        elif not card.known and not _own_host(site, provider):
            yield checks.Warning(
                f"{provider} has no model {name!r} that Parley knows.", hint=hint, id="parley.W001"
            )
        if variable := _missing(site, provider):
            yield checks.Warning(
                f"PARLEY_MODELS names {model}, but {variable} is not set.",
                hint=f"Set {variable}, or take {model} out of PARLEY_MODELS.",
                id="parley.W004",
            )


def _own_host(site: "Environment", provider: str) -> bool:
    """A host that is not the vendor's names its models as it likes."""
    return bool(getattr(site, f"{provider}_base_url", "") or (provider == "local" and site.parley_local_url))


def _missing(site: "Environment", provider: str) -> str:
    """The variable without which a provider cannot be asked; `start` itself sees to the local one."""
    if provider == "openai" and not (site.openai_api_key or site.openai_base_url):
        return "OPENAI_API_KEY"
    if provider == "anthropic" and not (site.anthropic_api_key or site.anthropic_base_url):
        return "ANTHROPIC_API_KEY"
    return ""

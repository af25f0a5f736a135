"""What a call costs: by the prices that staff set, else by those that `genai-prices` ships. Unknown is None.

A price belongs to a host, not to a name: gpt-4o behind an OPENAI_BASE_URL costs what that host takes, and a
host that the table does not know has no price. Nothing here touches the network; a newer release of
the package brings newer prices.
"""

from datetime import datetime
from decimal import Decimal

import genai_prices
from django.conf import settings
from django.utils import timezone

from llm import catalog
from llm.rates import book
from llm.types import Usage


def cost(model: str, usage: Usage, at: datetime | None = None) -> Decimal | None:
    """Return US dollars for a call of `provider:model` made then, by default now; None without a price."""
    at = at or timezone.now()
    if rate := book.rate(model, at):
        return rate.cost(usage)
    provider, name = catalog.split(model)
    if provider == "local":
        return Decimal(0)
    host = _host(provider)
    return _priced(host, name, usage, at) if host else None


def _host(provider: str) -> str:
    """The address that the site's calls to a provider go to."""
    hosts = {
        "openai": settings.PARLEY.openai_base_url or "https://api.openai.com/v1",
        "anthropic": settings.PARLEY.anthropic_base_url or "https://api.anthropic.com",
    }
    return hosts.get(provider, "")


def _priced(host: str, name: str, usage: Usage, at: datetime) -> Decimal | None:
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,  # the cached ones are a part of it, and priced as such
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        priced = genai_prices.calc_price(tokens, name, provider_api_url=host, genai_request_timestamp=at)
        return priced.total_price
    except (LookupError, ValueError):  # no such price, or counts that contradict each other
        return None

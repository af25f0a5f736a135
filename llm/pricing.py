"""What a call costs, by the prices that `genai-prices` ships. Unknown is None, never 0.

A price belongs to a host, not to a name: gpt-4o behind an OPENAI_BASE_URL costs what that host takes, and a
host that the table does not know has no price. Nothing here touches the network; a newer release of
the package brings newer prices.
"""

from decimal import Decimal

import genai_prices
from django.conf import settings

from llm import catalog
from llm.types import Usage


def cost(model: str, usage: Usage) -> Decimal | None:
    """Return US dollars for a call of `provider:model`, or None without a price."""
    provider, name = catalog.split(model)
    if provider == "local":
        return Decimal(0)
    host = _host(provider)
    return _priced(host, name, usage) if host else None


def _host(provider: str) -> str:
    """The address that the site's calls to a provider go to."""
    hosts = {
        "openai": settings.PARLEY.openai_base_url or "https://api.openai.com/v1",
        "anthropic": settings.PARLEY.anthropic_base_url or "https://api.anthropic.com",
    }
    return hosts.get(provider, "")


def _priced(host: str, name: str, usage: Usage) -> Decimal | None:
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,  # the cached ones are a part of it, and priced as such
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        return genai_prices.calc_price(tokens, name, provider_api_url=host).total_price
    except (LookupError, ValueError):  # no such price, or counts that contradict each other
        return None

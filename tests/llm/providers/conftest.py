"""The three providers, each in front of the same scripted server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from config.environment import Environment
from llm.providers import Provider, build
from llm.types import Delta, Message, Reply, Request
from tests.wire import WireServer, wire

__all__ = ["wire"]

KEY = "sk-only-for-tests-0123456789"
MODELS = {
    "openai": "openai:gpt-5.6-luna",
    "anthropic": "anthropic:claude-haiku-5-5",
    "local": "local:smollm2",
}


def site(server: WireServer) -> Environment:
    """Settings whose three providers all point at the server."""
    return Environment(
        openai_api_key=KEY,
        openai_base_url=server.openai_url,
        anthropic_api_key=KEY,
        anthropic_base_url=server.anthropic_url,
        parley_local_url=server.url,
    )


@dataclass
class Asked:
    """A provider with a listener: `deltas` is all that it pushed."""

    name: str
    provider: Provider
    deltas: list[Delta] = field(default_factory=list)

    @property
    def model(self) -> str:
        return MODELS[self.name]

    @property
    def text(self) -> list[str]:
        return [delta.text for delta in self.deltas if delta.text]

    def request(self, **rest: object) -> Request:
        messages = (Message(role="user", content="Hi"),)
        return Request(**{"messages": messages, "model": self.model, **rest})  # type: ignore[arg-type]

    async def listen(self, delta: Delta) -> None:
        self.deltas.append(delta)

    async def ask(self, **rest: object) -> Reply:
        return await self.provider(self.request(**rest), self.listen)


@pytest.fixture(params=MODELS)
async def asked(request: pytest.FixtureRequest, wire: WireServer) -> AsyncIterator[Asked]:
    """One of the three."""
    providers = build(site(wire))
    yield Asked(request.param, providers[request.param])
    for provider in providers.values():
        await provider.close()

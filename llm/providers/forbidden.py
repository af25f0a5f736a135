"""Providers of a test that may not call a model: each says what to do instead."""

from llm import catalog
from llm.types import Emit, Reply, Request

SENTENCE = (
    "A test would have asked {model} (feature {feature!r}). Script the answer with llm.testing.script(...),"
    " replay a recording with the fixture `recording`, or allow real calls:"
    " @pytest.mark.model_calls, or the setting ALLOW_MODEL_CALLS = True."
)


class ModelCallForbidden(AssertionError):
    """A test reached for a real model; no LLMError, so that no feature takes it for an outage."""


class Forbidden:
    """Raises ModelCallForbidden at every call."""

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Say what to do."""
        raise ModelCallForbidden(SENTENCE.format(model=request.model, feature=request.feature))

    async def close(self) -> None:
        """Nothing is open."""


def forbidden() -> dict[str, Forbidden]:
    """Return one for each provider."""
    return dict.fromkeys(catalog.PROVIDERS, Forbidden())

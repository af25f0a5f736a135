"""Ask the next model when one cannot answer and another may."""

from collections.abc import Iterator
from dataclasses import replace

from llm import catalog
from llm.errors import LLMError, Misconfigured, Unavailable
from llm.layers.sent import Sent
from llm.telemetry.figures import FALLBACKS
from llm.types import Emit, Handler, PassedOver, Reply, Request


class Fallback:
    """Go along a chain of `provider:model`; ends with the first delta that reached a reader."""

    def __init__(self, chain: tuple[str, ...]) -> None:
        self.chain = chain

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        sent = Sent(emit)
        passed: list[PassedOver] = []
        failures: list[LLMError] = []
        for model in self.models(request):
            request.tab.model = model
            try:
                reply = await call(_fitted(replace(request, model=model)), sent)
                return replace(reply, passed_over=tuple(passed))
            except LLMError as error:
                if sent.used or not error.elsewhere:
                    raise
                failures.append(error)
                FALLBACKS.add(model, error.code)
                passed.append(PassedOver(model=model, code=error.code, sentence=error.sentence))
        raise _most_telling(failures)

    def models(self, request: Request) -> Iterator[str]:
        """Return the models to ask, in order."""
        names = request.chain or ((request.model,) if request.model else self.chain)
        return (catalog.resolve(name) for name in names)


def _fitted(request: Request) -> Request:
    return request.fit(request) if request.fit else request


def _most_telling(failures: list[LLMError]) -> LLMError:
    """The one failure, or of several the one that a caller can do something about: wait."""
    if not failures:
        return Misconfigured("No model is set up. Set PARLEY_MODELS, OPENAI_API_KEY or ANTHROPIC_API_KEY.")
    if len(failures) == 1:
        return failures[0]
    waits = [error.retry_after for error in failures if error.retry_after is not None]
    told = "; ".join(str(error) for error in failures)
    partials = [error.partial for error in failures if error.partial]
    return Unavailable(
        detail=told, retry_after=min(waits, default=None), partial=partials[-1] if partials else None
    )

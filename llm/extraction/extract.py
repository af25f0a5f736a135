"""`await extract(Model, text)`: ask, read strictly, check, and ask again for what is wrong."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from django.conf import settings

from llm.extraction import asking, schemas
from llm.extraction.attempts import Attempts, BadExtraction, Truncated
from llm.extraction.beside import contract_beside
from llm.extraction.contracts import Contract, Found
from llm.extraction.fitting import fitted
from llm.extraction.reading import read
from llm.extraction.showing import Showing
from llm.extraction.trail import Trail
from llm.types import CachePolicy, Message, Owner, Request, Tab

__all__ = ["BadExtraction", "Extraction", "Truncated", "extract"]

MAX_ATTEMPTS = 3

type Show = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction[T](Trail):
    """Checked data and what it took. `prompt_version` is None for the built-in instruction; `quotes` says
    where strings of the format `quote` in the data of a JSON Schema stand in the text."""

    data: T
    cached: bool
    prompt_version: int | None
    quotes: tuple[Found, ...] = ()


@overload
async def extract[M](
    schema: type[M],
    text: str | Sequence[Message],
    *,
    model: str | None = ...,
    max_attempts: int = ...,
    feature: str = ...,
    owner: Owner = ...,
    cache: bool = ...,
    deadline: float | None = ...,
    context: Mapping[str, Any] | None = ...,
    on_partial: Show | None = ...,
    on_item: Show | None = ...,
) -> Extraction[M]: ...
@overload
async def extract(
    schema: Mapping[str, Any] | bool,
    text: str | Sequence[Message],
    *,
    model: str | None = ...,
    max_attempts: int = ...,
    feature: str = ...,
    owner: Owner = ...,
    cache: bool = ...,
    deadline: float | None = ...,
    context: Mapping[str, Any] | None = ...,
    on_partial: Show | None = ...,
    on_item: Show | None = ...,
) -> Extraction[Any]: ...
async def extract(
    schema: Any,
    text: str | Sequence[Message],
    *,
    model: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    feature: str = "extract",
    owner: Owner = Owner(),  # noqa: B008 a frozen value
    cache: bool = True,
    deadline: float | None = None,
    context: Mapping[str, Any] | None = None,
    on_partial: Show | None = None,
    on_item: Show | None = None,
) -> Extraction[Any]:
    """Return what a text, or the last of some messages, says in the shape of `schema`.

    `schema` is a Pydantic model, another type that Pydantic knows (`list[Model]`), or a JSON Schema.
    `feature` names what it is for in the ledger and in budgets.
    `deadline` bounds all attempts together, in seconds. `context` is handed to Pydantic's validators.
    `on_partial` is awaited with the JSON value as it grows: what it was once given is never taken back.
    `on_item` is awaited with each item of a list once it is whole and valid.

    Raises SchemaRefused for a schema that is not taken, BadExtraction when no answer is valid, Truncated when
    it was cut off, and any other LLMError as the call raised it. Each carries a `trail`: what was paid for.
    """
    models = (model,) if model else settings.PARLEY.model_chain
    contract = await contract_beside(schema, models, source=_source(text), context=context)
    question = await _question(schema, contract, text, owner)
    request = replace(_request(contract, question, model, owner=owner, cache=cache), feature=feature)
    show = Showing(contract, on_partial, on_item) if on_partial or on_item else None
    attempts = Attempts(contract, request, max_attempts, deadline or settings.PARLEY.parley_deadline, show)
    reply, answer = await attempts.run()
    prompt = question.prompt
    return Extraction(
        data=answer.checked.data,
        cached=reply.cached,
        prompt_version=prompt.version if prompt else None,
        quotes=answer.checked.quotes,
        **attempts.trail_of(reply, answer.repairs),
    )


async def _question(
    schema: Any, contract: Contract, text: str | Sequence[Message], owner: Owner
) -> asking.Question:
    if not isinstance(text, str):
        return asking.of_messages(contract, text)
    entry = None if isinstance(schema, (Mapping, bool)) else schemas.named(schema)
    if entry is None or entry.prompt is None:
        return asking.plainly(contract, text)
    return await asking.from_prompt(entry.prompt, text, owner)


def _source(text: str | Sequence[Message]) -> str:
    """Return what quotes must stand in."""
    if isinstance(text, str):
        return text
    return "\n\n".join(message.content for message in text if message.role in ("user", "tool"))


def _request(
    contract: Contract, question: asking.Question, model: str | None, *, owner: Owner, cache: bool
) -> Request:
    limit = question.parameters.get("max_tokens")
    return Request(
        messages=question.messages,
        chain=(model,) if model else question.chain,
        temperature=question.parameters.get("temperature", 0),
        max_tokens=int(limit) if limit else None,
        owner=owner,
        prompt=question.prompt,
        cache=CachePolicy(ttl=question.cache_ttl, read=cache),
        drain=question.drain,
        accept=lambda reply: not read(contract, reply).checked.faults,
        fit=fitted(contract, shown=question.shows_schema),
        tab=Tab(),
    )

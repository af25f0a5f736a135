"""`await extract(Model, text)`: ask, read strictly, check, and ask again for what is wrong."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, overload

from django.conf import settings
from pydantic import BaseModel

from llm import catalog, run
from llm.errors import BadOutput, LLMError
from llm.extraction import asking, schemas
from llm.extraction.compiler import is_small
from llm.extraction.contracts import Contract, Faults, ModelContract, RawContract
from llm.extraction.fitting import fitted
from llm.extraction.reading import Read, read, written
from llm.types import CachePolicy, Owner, Reply, Request, Tab, Usage

MAX_ATTEMPTS = 3
ANEW = 0.4  # temperature of a second attempt: at 0 a small model repeats itself
LONGER = 4  # times the limit at which a first answer was cut off
TOO_LATE = 1.0  # seconds that no answer comes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction[T]:
    """Checked data and what it took.

    `usage` and `cost` are of all attempts; `cost` is None if one is unknown. `text` is the answer as the
    model wrote it, `repairs` what was done to read it. `prompt_version` is None for the built-in
    instruction. Every attempt is on the books under `request_id`.
    """

    data: T
    attempts: int
    model: str
    usage: Usage
    cost: Decimal | None
    cached: bool
    text: str
    repairs: tuple[str, ...]
    prompt_version: int | None
    request_id: uuid.UUID


class BadExtraction(BadOutput):
    """The model never complied. `partial` holds its last text with the usage and cost of all `attempts`."""

    def __init__(self, sentence: str, *, attempts: int, errors: Faults, partial: Reply) -> None:
        super().__init__(sentence, errors=errors, partial=partial)
        self.attempts = attempts


@overload
async def extract[M: BaseModel](
    schema: type[M],
    text: str,
    *,
    model: str | None = ...,
    max_attempts: int = ...,
    owner: Owner = ...,
    cache: bool = ...,
    deadline: float | None = ...,
) -> Extraction[M]: ...
@overload
async def extract(
    schema: Mapping[str, Any],
    text: str,
    *,
    model: str | None = ...,
    max_attempts: int = ...,
    owner: Owner = ...,
    cache: bool = ...,
    deadline: float | None = ...,
) -> Extraction[Any]: ...
async def extract(
    schema: type[BaseModel] | Mapping[str, Any],
    text: str,
    *,
    model: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    owner: Owner = Owner(),  # noqa: B008 a frozen value
    cache: bool = True,
    deadline: float | None = None,
) -> Extraction[Any]:
    """Return what `text` says in the shape of `schema`, a Pydantic model or a JSON Schema.

    `deadline` bounds all attempts together, in seconds. Raises SchemaRefused for a schema that is not
    taken, BadExtraction when no answer is valid, and any other LLMError as the call raised it, its
    `partial` summed over all attempts.
    """
    contract = RawContract.of(schema) if isinstance(schema, Mapping) else ModelContract.of(schema)
    slug = None if isinstance(schema, Mapping) else _slug(schema)
    question = await asking.from_prompt(slug, text, owner) if slug else asking.plainly(contract, text)
    request = _request(contract, question, model, owner=owner, cache=cache)
    seconds = deadline or settings.PARLEY.parley_deadline
    return await _Attempts(contract, request, max_attempts, seconds).run()


def _slug(model: type[BaseModel]) -> str | None:
    entry = schemas.named(model)
    return entry.prompt if entry else None


def _request(
    contract: Contract, question: asking.Question, model: str | None, *, owner: Owner, cache: bool
) -> Request:
    limit = question.parameters.get("max_tokens")
    return Request(
        messages=question.messages,
        chain=(model,) if model else question.chain,
        temperature=question.parameters.get("temperature", 0),
        max_tokens=int(limit) if limit else None,
        feature="extract",
        owner=owner,
        prompt=question.prompt,
        cache=CachePolicy(ttl=question.cache_ttl, read=cache),
        drain=question.drain,
        accept=lambda reply: not read(contract, reply).checked.faults,
        fit=fitted(contract, shown=question.shows_schema),
        tab=Tab(),
    )


class _Attempts:
    """One extraction: ask until an answer is valid, errors repeat, or time or tries are over."""

    def __init__(self, contract: Contract, request: Request, most: int, seconds: float) -> None:
        self.contract = contract
        self.first = request
        self.most = most
        self.clock = asyncio.get_running_loop().time
        self.end = self.clock() + seconds
        self.number = 0

    async def run(self) -> Extraction[Any]:
        request = self.first
        before: Faults = ()
        while True:
            reply = await self._ask(request)
            answer = read(self.contract, reply)
            faults = answer.checked.faults
            if not faults:
                return self._extraction(reply, answer)
            if self._must_stop(reply, faults, before):
                raise self._given_up(reply, faults)
            request, before = self._next(request, reply, faults), faults

    async def _ask(self, request: Request) -> Reply:
        self.number += 1
        try:
            return await run(replace(request, deadline=max(self.end - self.clock(), TOO_LATE)))
        except LLMError as error:
            blank = Reply(text="", model="", finish="stop", request_id=request.id)
            error.partial = self._summed(error.partial or blank)
            raise

    def _must_stop(self, reply: Reply, faults: Faults, before: Faults) -> bool:
        over = self.number >= self.most or self.end - self.clock() < TOO_LATE
        return over or faults == before or (reply.finish == "length" and is_small(reply.model))

    def _next(self, request: Request, reply: Reply, faults: Faults) -> Request:
        """Give a truncated answer more room, once, for its fault would repeat; else say what is wrong."""
        if reply.finish == "length":
            room = request.max_tokens or catalog.card(reply.model).default_max_tokens
            return replace(request, max_tokens=LONGER * room)
        messages = asking.again(self.first.messages, written(reply), faults)
        return replace(request, messages=messages, temperature=ANEW)

    def _extraction(self, reply: Reply, answer: Read) -> Extraction[Any]:
        prompt = self.first.prompt
        return Extraction(
            data=answer.checked.data,
            attempts=self.number,
            model=reply.model,
            usage=self.first.tab.usage,
            cost=self.first.tab.cost,
            cached=reply.cached,
            text=answer.text,
            repairs=answer.repairs,
            prompt_version=prompt.version if prompt else None,
            request_id=self.first.id,
        )

    def _given_up(self, reply: Reply, faults: Faults) -> BadExtraction:
        said = (
            "The answer was cut off before its end. Send a shorter text, or name a model with more room."
            if reply.finish == "length"
            else f"The model gave no valid answer in {self.number} attempt{'s' * (self.number > 1)}."
        )
        return BadExtraction(said, attempts=self.number, errors=faults, partial=self._summed(reply))

    def _summed(self, reply: Reply) -> Reply:
        return replace(reply, usage=self.first.tab.usage, cost=self.first.tab.cost)

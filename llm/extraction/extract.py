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
from llm.extraction.contracts import Checked, Contract, Faults, ModelContract, RawContract, root_of
from llm.extraction.parsing import NotJSON, parse
from llm.extraction.wire_schema import is_small, wire_schema
from llm.types import CachePolicy, Owner, Reply, Request, Schema, Tab, Usage

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    checked: Checked
    repairs: tuple[str, ...] = ()


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
    question = await asking.from_prompt(slug, text) if slug else asking.plainly(contract, text)
    request = _request(contract, question, model, owner=owner, cache=cache)
    seconds = deadline or settings.PARLEY.parley_deadline
    return await _Attempts(contract, request, max_attempts, seconds).run()


def _slug(model: type[BaseModel]) -> str | None:
    entry = schemas.named(model)
    return entry.prompt if entry else None


def _request(
    contract: Contract, question: asking.Question, model: str | None, *, owner: Owner, cache: bool
) -> Request:
    chain = (model,) if model else question.chain
    models = [catalog.resolve(name) for name in chain or settings.PARLEY.model_chain]
    sent = wire_schema(contract.json_schema, models)
    limit = question.parameters.get("max_tokens")
    return Request(
        messages=question.messages,
        chain=chain,
        temperature=question.parameters.get("temperature", 0),
        max_tokens=int(limit) if limit else None,
        schema=Schema(name=contract.name, json_schema=sent) if sent else None,
        feature="extract",
        owner=owner,
        prompt=question.prompt,
        cache=CachePolicy(ttl=question.cache_ttl, read=cache),
        drain=question.drain,
        accept=lambda reply: not _read(contract, reply).checked.faults,
        tab=Tab(),
    )


def _read(contract: Contract, reply: Reply) -> _Read:
    """Parse and check an answer. One that was cut off is not read at all: half a value is a wrong value."""
    if reply.finish == "length":
        message = "The answer was cut off before its end."
        return _Read(checked=Checked(faults=({"pointer": "", "message": message},)))
    try:
        answer = parse(reply.text, root=root_of(contract))
    except NotJSON as error:
        return _Read(checked=Checked(faults=({"pointer": "", "message": str(error)},)))
    return _Read(checked=contract.check(answer), repairs=answer.repairs)


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
            read = _read(self.contract, reply)
            faults = read.checked.faults
            if not faults:
                return self._extraction(reply, read)
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
        messages = asking.again(self.first.messages, reply.text, faults)
        return replace(request, messages=messages, temperature=ANEW)

    def _extraction(self, reply: Reply, read: _Read) -> Extraction[Any]:
        prompt = self.first.prompt
        return Extraction(
            data=read.checked.data,
            attempts=self.number,
            model=reply.model,
            usage=self.first.tab.usage,
            cost=self.first.tab.cost,
            cached=reply.cached,
            text=reply.text,
            repairs=read.repairs,
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

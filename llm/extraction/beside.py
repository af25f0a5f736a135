"""A large schema is compiled beside the loop, which would stand still for half a second."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from llm import catalog
from llm.errors import Rejected
from llm.extraction.contracts import Contract, contract_of

MOST_PARTS = 300  # JSON values in a schema that is compiled on the spot, in a few milliseconds


async def contract_beside(
    schema: Any, models: Sequence[str], *, source: str, context: Mapping[str, Any] | None
) -> Contract:
    """Return what `contract_of` does, with the plans for the models made; raises SchemaRefused."""
    if not is_large(schema):
        return contract_of(schema, source=source, context=context)

    def made() -> Contract:
        contract = contract_of(schema, source=source, context=context)
        for model in models:
            with suppress(Rejected):  # an unknown model is refused when it is asked
                contract.plan(catalog.resolve(model))
        return contract

    return await asyncio.to_thread(made)


def is_large(schema: Any) -> bool:
    """Say whether a JSON Schema has many parts, looking at no more of them; a Python type has not."""
    waiting = [schema] if isinstance(schema, Mapping) else []
    seen = 0
    while waiting and seen <= MOST_PARTS:
        part = waiting.pop()
        seen += 1
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
    return seen > MOST_PARTS

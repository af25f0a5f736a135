"""A large schema is compiled in a thread, a small one on the spot; both are the same afterwards."""

import asyncio
from typing import Any

import pytest

from llm.extraction import SchemaRefused
from llm.extraction.beside import contract_beside
from llm.extraction.contracts import contract_of

MODELS = ("gpt-5.6-luna", "local:smollm2", "no-such-model")


def schema(fields: int) -> dict[str, Any]:
    field = {"type": "array", "items": {"type": "string", "minLength": 1}}
    return {
        "type": "object",
        "properties": {f"field_{n}": field for n in range(fields)},
        "title": str(fields),
    }


async def turns_of_the_loop(asked: dict[str, Any]) -> int:
    """Return how often others had their turn while the schema was compiled."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    busy = asyncio.create_task(others())
    await asyncio.sleep(0)
    try:
        await contract_beside(asked, MODELS, source="", context=None)
    finally:
        busy.cancel()
    return turns


async def test_others_have_their_turn_while_a_large_schema_is_compiled() -> None:
    assert await turns_of_the_loop(schema(1000)) > 10


async def test_a_small_one_is_compiled_on_the_spot() -> None:
    assert await turns_of_the_loop(schema(10)) == 0


async def test_the_plans_are_made_with_it() -> None:
    asked = schema(500)
    made = await contract_beside(asked, MODELS, source="", context=None)
    assert made.plan("openai:gpt-5.6-luna") is contract_of(asked).plan("openai:gpt-5.6-luna")
    assert made.json_schema == asked


async def test_a_large_one_that_cannot_be_used_is_refused() -> None:
    asked = {**schema(500), "required": "field_1"}
    with pytest.raises(SchemaRefused):
        await contract_beside(asked, MODELS, source="", context=None)

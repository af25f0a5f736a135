"""What it costs to take a schema of 50 fields and to check an answer against it, once both are known."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import django

from tests.bench.run import Run
from tests.bench.table import Row, median

MODEL = "openai:gpt-5.6-luna"
GOAL = 1.0  # milliseconds
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        f"field_{n}": [
            {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[^<>]*$"},
            {"type": "integer", "minimum": 0},
            {"type": ["number", "null"]},
            {"enum": ["one", "two", "three"]},
            {"type": "array", "items": {"type": "string"}, "maxItems": 9},
        ][n % 5]
        for n in range(50)
    },
    "required": [f"field_{n}" for n in range(25)],
    "additionalProperties": False,
}
ANSWER = {f"field_{n}": ["text", n, 1.5, "two", ["a", "b"]][n % 5] for n in range(50)}


def rows(run: Run) -> Iterator[Row]:
    """One row: the contract and the plan looked up, the answer parsed and checked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from llm.extraction.contracts import contract_of  # both need the settings
    from llm.extraction.reading import read
    from llm.types import Reply

    reply = Reply(text=json.dumps(ANSWER), model=MODEL, finish="stop")
    times = []
    for _ in range(run.pick(2000, 200)):
        begun = time.process_time()
        assert not read(contract_of(SCHEMA), reply).checked.faults
        times.append((time.process_time() - begun) * 1000)
    took = median(times[1:])
    yield Row(
        measure="a schema of 50 fields taken, an answer parsed and checked, after the first",
        ours=f"{took:.2f} ms",
        goal=f"under {GOAL:g} ms",
        holds=took < GOAL,
    )

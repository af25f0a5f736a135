"""A run and its steps as programs and pages see them."""

from collections.abc import Iterable
from typing import Any

from llm.agents.state import Record
from llm.api.shapes import usage
from llm.extraction.parsing import NotJSON, loads
from llm.models.agents import AgentRun
from llm.money import money
from llm.types import Usage

SHOWN = {"started": "running"}


def run(row: AgentRun, records: Iterable[Record]) -> dict[str, Any]:
    """Return a run with its steps, each as it stands now."""
    return {
        "id": str(row.pk),
        "status": row.status,
        "goal": row.goal,
        "result": row.result,
        "code": row.code or None,
        "reason": row.reason or None,
        "model": row.model or None,
        "tools": row.tools,
        "max_iterations": row.max_iterations,
        "budget": money(row.max_cost),
        "iterations": row.iterations,
        "usage": usage(row.usage),
        "cost": money(row.cost),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "steps": steps(records),
    }


def steps(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the steps of a journal, each as its newest row tells it."""
    newest = {record.step: record for record in records}
    return [step(record) for record in sorted(newest.values(), key=lambda one: one.step)]


def step(record: Record) -> dict[str, Any]:
    """Return a step as one row of the journal tells it; `seq` is the number of the step.

    `arguments` is the object that the model wrote, or its text where it is none; `text` is what the model
    said, or was told; `answers` is the step that an approval is for.
    """
    data = record.data
    return {
        "seq": record.step,
        "kind": record.kind,
        "status": SHOWN.get(record.status, record.status),
        "tool": data.get("tool"),
        "arguments": _arguments(data.get("arguments")),
        "observation": data.get("observation"),
        "text": data.get("text") or data.get("sentence"),
        "code": data.get("code") or data.get("why") or None,
        "answers": data.get("step"),
        "note": data.get("note"),
        "model": data.get("model"),
        "usage": usage(Usage(**data["usage"])) if "usage" in data else None,
        "cost": data.get("cost"),
        "cached": data.get("cached"),
        "ms": data.get("ms"),
        "at": record.at,
    }


def _arguments(written: str | None) -> Any:
    if written is None:
        return None
    try:
        return loads(written)
    except NotJSON:
        return written

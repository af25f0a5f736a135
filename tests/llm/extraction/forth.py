"""From the caller's shape to the one in which a model is asked to answer."""

from typing import Any

from llm.extraction.compiler import Plan
from llm.extraction.compiler.shapes import (
    KEY,
    VALUE,
    Defined,
    Listed,
    Named,
    Numbered,
    OneOf,
    Pairs,
    Shape,
    Wrapped,
)


def forth(plan: Plan, value: Any) -> Any:
    """Return how a model that was sent `plan.sent` would write the value."""
    return _forth(plan, plan.shape, value)


def _forth(plan: Plan, shape: Shape | None, value: Any) -> Any:
    match shape:
        case Defined():
            return _forth(plan, plan.homes[shape.name], value)
        case Wrapped():
            return {shape.name: _forth(plan, shape.inner, value)}
        case OneOf():
            fitting = (inner for schema, inner in shape.branches if plan.valid(schema, value))
            return _forth(plan, next(fitting, None), value)
        case Listed() if isinstance(value, list):
            return [_forth(plan, shape.item, item) for item in value]
        case Pairs() if isinstance(value, dict):
            return [{KEY: key, VALUE: _forth(plan, shape.value, inner)} for key, inner in value.items()]
        case Numbered() if isinstance(value, list) and len(value) >= len(shape.items):
            return _numbered(plan, shape, value)
        case Named() if isinstance(value, dict):
            return _named(plan, shape, value)
    return value


def _numbered(plan: Plan, shape: Numbered, value: list[Any]) -> Any:
    first = {name: _forth(plan, inner, value[n]) for n, (name, inner) in enumerate(shape.items)}
    more = value[len(shape.items) :]
    if shape.rest is None:
        return first if not more else value
    return {**first, shape.rest[0]: [_forth(plan, shape.rest[1], item) for item in more]}


def _named(plan: Plan, shape: Named, value: dict[str, Any]) -> Any:
    wrote = {name: _forth(plan, shape.properties.get(name), inner) for name, inner in value.items()}
    return {**wrote, **{name: None for name in shape.absent if name not in wrote}}

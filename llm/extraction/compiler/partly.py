"""A value that still grows, from the model's shape to the caller's: what is uncertain is held back."""

from typing import Any

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
    Way,
    Wrapped,
)

HELD = object()  # nothing of it can be shown yet


def partly(shape: Shape | None, value: Any, depth: int, way: Way) -> Any:
    """Return what is certain, or HELD; the last member of `value`, `depth` levels deep, still grows."""
    if isinstance(shape, Defined):
        return partly(way.homes[shape.name], value, depth, way)
    if shape is None or depth <= 0:
        return value if shape is None else way.of(shape, value)
    if isinstance(shape, OneOf):
        return HELD
    if isinstance(value, dict):
        return _object(shape, value, depth, way)
    return _list(shape, value, depth, way) if isinstance(value, list) else HELD


def _object(shape: Shape, value: dict[str, Any], depth: int, way: Way) -> Any:
    if isinstance(shape, Wrapped) and value.keys() <= {shape.name}:
        return partly(shape.inner, value[shape.name], depth - 1, way) if value else HELD
    if isinstance(shape, Named):
        return _named(shape, value, depth, way)
    if isinstance(shape, Numbered):
        return _numbered(shape, value, depth, way)
    return value  # it is in the caller's own shape


def _list(shape: Shape, value: list[Any], depth: int, way: Way) -> Any:
    if isinstance(shape, Pairs):
        return _pairs(shape, value, depth, way)
    if not isinstance(shape, Listed):
        return value
    whole = [way.of(shape.item, item) for item in value[:-1]]
    return [*whole, *_shown(partly(shape.item, value[-1], depth - 1, way))] if value else []


def _named(shape: Named, value: dict[str, Any], depth: int, way: Way) -> Any:
    mapped: dict[str, Any] = {}
    for number, (name, inner) in enumerate(value.items(), 1):
        left = depth - 1 if number == len(value) else 0
        if shape.rest is not None and name == shape.rest[0] and _is_asked(shape.rest[1], inner):
            more = partly(shape.rest[1], inner, left, way)
            mapped.update(more if isinstance(more, dict) else {})
        elif not (inner is None and name in shape.absent):
            part = partly(shape.properties.get(name), inner, left, way)
            mapped.update({} if part is HELD else {name: part})
    return mapped


def _is_asked(shape: Shape, value: Any) -> bool:
    """Say whether further properties stand where the model was asked for them, and are none in themselves."""
    if isinstance(shape, Wrapped):
        return isinstance(value, dict) and value.keys() <= {shape.name}
    return isinstance(value, list)


def _pairs(shape: Pairs, value: list[Any], depth: int, way: Way) -> Any:
    mapped: dict[str, Any] = {}
    for number, pair in enumerate(value, 1):
        if not isinstance(pair, dict) or list(pair) != [KEY, VALUE] or not isinstance(pair[KEY], str):
            break  # the key comes first; while it grows there is nothing to show
        left = depth - 2 if number == len(value) else 0
        part = partly(shape.value, pair[VALUE], left, way)
        mapped.update({} if part is HELD else {pair[KEY]: part})
    return mapped


def _numbered(shape: Numbered, value: dict[str, Any], depth: int, way: Way) -> Any:
    items: list[Any] = []
    for number, (name, inner) in enumerate(shape.items, 1):
        if name not in value:
            return items
        part = partly(inner, value[name], depth - 1 if number == len(value) else 0, way)
        if part is HELD:
            return items
        items.append(part)
    if shape.rest is None or not isinstance(value.get(shape.rest[0]), list):
        return items
    more = value[shape.rest[0]]
    whole = [way.of(shape.rest[1], item) for item in more[:-1]]
    last = _shown(partly(shape.rest[1], more[-1], depth - 2, way)) if more else []
    return [*items, *whole, *last]


def _shown(part: Any) -> list[Any]:
    return [] if part is HELD else [part]

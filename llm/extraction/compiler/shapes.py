"""From the shape in which a model was asked to answer back to the shape that the caller's schema has.

None stands for a part that is the same in both. Mapping is tolerant: what is not in the model's shape is left
as it is, and the check against the caller's schema, which always follows, decides.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

KEY, VALUE, PAIRS = "key", "value", "pairs"
MOST_STEPS = 50_000  # of one answer; unions inside unions multiply

type Valid = Callable[[Any, Any], bool]


class Shape(Protocol):
    """A part that the model writes differently."""

    def back(self, value: Any, way: "Way") -> Any: ...


@dataclass(slots=True)
class Way:
    """One answer on its way back. `valid(schema, value)` checks against a part of the caller's schema."""

    homes: Mapping[str, Shape | None]
    valid: Valid
    steps: int = MOST_STEPS

    def of(self, shape: Shape | None, value: Any) -> Any:
        """Return `value` in the caller's shape."""
        self.steps -= 1
        return value if shape is None or self.steps < 0 else shape.back(value, self)


@dataclass(frozen=True, slots=True)
class Named:
    """An object. Null in one of `absent` means that the property is not there; `rest` holds further
    properties as pairs."""

    properties: Mapping[str, Shape]
    absent: frozenset[str] = frozenset()
    rest: tuple[str, Shape] | None = None

    def back(self, value: Any, way: Way) -> Any:
        if not isinstance(value, dict):
            return value
        mapped = {
            name: way.of(self.properties.get(name), inner)
            for name, inner in value.items()
            if not (inner is None and name in self.absent)
        }
        if self.rest is None or self.rest[0] not in mapped:
            return mapped
        more = self.rest[1].back(mapped.pop(self.rest[0]), way)
        fits = isinstance(more, dict) and more.keys().isdisjoint(mapped)
        return {**mapped, **more} if fits else value


@dataclass(frozen=True, slots=True)
class Pairs:
    """An object with keys of any name, asked for as a list of {key, value}."""

    value: Shape | None

    def back(self, value: Any, way: Way) -> Any:
        if not isinstance(value, list) or not all(_is_pair(pair) for pair in value):
            return value
        mapped = {pair[KEY]: way.of(self.value, pair[VALUE]) for pair in value}
        return mapped if len(mapped) == len(value) else value


@dataclass(frozen=True, slots=True)
class Numbered:
    """A tuple, asked for as an object; `rest` is the property that holds what comes after it."""

    items: tuple[tuple[str, Shape | None], ...]
    rest: tuple[str, Shape | None] | None = None

    def back(self, value: Any, way: Way) -> Any:
        names = {name for name, _ in self.items} | ({self.rest[0]} if self.rest else set())
        if not isinstance(value, dict) or value.keys() != names:
            return value
        first = [way.of(shape, value[name]) for name, shape in self.items]
        more = value[self.rest[0]] if self.rest else []
        if not isinstance(more, list):
            return value
        return first + [way.of(self.rest[1] if self.rest else None, item) for item in more]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list whose items differ."""

    item: Shape

    def back(self, value: Any, way: Way) -> Any:
        return [way.of(self.item, item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class OneOf:
    """A union: the first branch whose schema takes what it maps to."""

    branches: tuple[tuple[Any, Shape | None], ...]

    def back(self, value: Any, way: Way) -> Any:
        for schema, shape in self.branches:
            mapped = way.of(shape, value)
            if way.steps < 0:
                break
            if way.valid(schema, mapped):
                return mapped
        return value


@dataclass(frozen=True, slots=True)
class Defined:
    """What `$defs` holds under a name; it may hold itself."""

    name: str

    def back(self, value: Any, way: Way) -> Any:
        return way.of(way.homes[self.name], value)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A value, the outermost most often, asked for as the one property of an object."""

    inner: Shape | None = None
    name: str = field(default=VALUE)

    def back(self, value: Any, way: Way) -> Any:
        return way.of(self.inner, value[self.name]) if self.fits(value) else value

    def fits(self, value: Any) -> bool:
        """Say whether a value is wrapped so."""
        if not isinstance(value, dict) or value.keys() != {self.name}:
            return False
        return not isinstance(self.inner, Wrapped) or self.inner.fits(value[self.name])


def free(stem: str, taken: Container[str]) -> str:
    """Return a name like `stem` that is not taken."""
    name = stem
    while name in taken:
        name += "_"
    return name


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, dict) and pair.keys() == {KEY, VALUE} and isinstance(pair[KEY], str)

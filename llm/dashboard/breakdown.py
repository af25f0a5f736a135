"""The ways to take a total apart, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from llm.amounts import plural
from llm.dashboard.measures import Measure
from llm.dashboard.seen import Group, Seen
from llm.usage import Viewer, sees_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Lines are named by `keys` of the ledger's summary; `filters` are the address's names for them."""

    name: str
    label: str
    keys: tuple[str, ...]
    filters: tuple[str, ...]
    words: Callable[[Group], str]

    def link(self, group: Group) -> Mapping[str, Any]:
        """Return the filters that leave only this line; none for what has no name."""
        pairs = dict(zip(self.filters, group[-len(self.filters) :], strict=True))
        return pairs if all(value not in (None, "") for value in pairs.values()) else {}


def model_name(model: str) -> str:
    """Return the name without its provider."""
    return model.partition(":")[2] or model


WAYS = {
    way.name: way
    for way in (
        Way(
            name="feature",
            label="Feature",
            keys=("feature",),
            filters=("feature",),
            words=lambda group: group[0] or "no feature",
        ),
        Way(
            name="model",
            label="Model",
            keys=("model",),
            filters=("model",),
            words=lambda group: model_name(group[0]),
        ),
        Way(
            name="user",
            label="User",
            keys=("user",),
            filters=("user",),
            words=lambda group: group[0] or "nobody",
        ),
        Way(
            name="key",
            label="Key",
            keys=("key", "key_id"),
            filters=("key",),
            words=lambda group: group[0] or "without a key",
        ),
        Way(
            name="prompt_version",
            label="Prompt version",
            keys=("prompt", "prompt_version"),
            filters=("prompt", "prompt_version"),
            words=lambda group: f"{group[0]}, version {group[1]}" if group[0] else "without a prompt",
        ),
    )
}


def ways(viewer: Viewer) -> list[Way]:
    """Return those that make sense to a person: who sees only themselves does not take people apart."""
    return [way for way in WAYS.values() if way.name != "user" or sees_all(viewer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a table; `bar` is its part of the longest one as an SVG width or "", `aside` a word."""

    words: str
    seen: Seen
    bar: str = ""
    link: Mapping[str, Any] | None = None
    aside: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A total taken apart, the most first; those that there is no room for are one line."""

    way: Way
    measure: Measure
    lines: list[Line]


def table(way: Way, found: Mapping[Group, Seen], measure: Measure, *, most: int) -> Table:
    """Return the table of some groups, which are named by the way's keys."""
    longest = max(map(measure.of, found.values()), default=Decimal(0))
    ordered = _sorted(found.items(), measure)
    named, rest = ordered[:most], ordered[most:]
    if len(rest) == 1:
        named, rest = ordered, []
    lines = [
        Line(words=way.words(group), link=way.link(group), seen=seen, bar=_bar(measure.of(seen), longest))
        for group, seen in named
    ]
    if rest:
        seen = sum((one for _, one in rest), Seen())
        lines.append(Line(words=plural(len(rest), "other"), seen=seen))  # no bar: many are not one
    return Table(way=way, measure=measure, lines=lines)


def nested(pairs: Mapping[Group, Seen], features: Mapping[Group, Seen], measure: Measure, most: int) -> Table:
    """Return the table of features, each with its models below it; one model stands beside its feature."""
    way, inner = WAYS["feature"], WAYS["model"]
    outer = table(way, features, measure, most=most)
    longest = max(map(measure.of, features.values()), default=Decimal(0))
    lines = []
    for line in outer.lines:
        feature = (line.link or {}).get("feature")
        mine = _sorted([(key[1:], seen) for key, seen in pairs.items() if key[0] == feature], measure)
        if len(mine) == 1:
            lines.append(replace(line, aside=inner.words(mine[0][0])))
            continue
        below = tuple(
            Line(
                words=inner.words(model),
                link={"feature": feature, **inner.link(model)},
                seen=seen,
                bar=_bar(measure.of(seen), longest),
            )
            for model, seen in mine
        )
        lines.append(replace(line, lines=below))
    return Table(way=way, measure=measure, lines=lines)


def _sorted(items: Iterable[tuple[Group, Seen]], measure: Measure) -> list[tuple[Group, Seen]]:
    return sorted(items, key=lambda item: (-measure.of(item[1]), -item[1].figures.answers, str(item[0])))


def _bar(value: Decimal, longest: Decimal) -> str:
    return f"{value * 100 / longest:.1f}%" if longest else "0%"

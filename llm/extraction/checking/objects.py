"""Words that speak of an object's properties."""

from collections.abc import Mapping
from typing import Any

from llm.extraction.checking.patterns import matcher
from llm.extraction.checking.run import Check, Run, Seen, said

UNEXPECTED = "This property is not in the schema."


def properties(named: Mapping[str, Check]) -> Check:
    """Each property that has a schema satisfies it."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name, schema in named.items():
            if name not in value:
                continue
            if seen is not None:
                seen.properties.add(name)
            ok = _inside(schema, value, name, run) and ok
            if not ok and run.enough:
                return False
        return ok

    return check


def pattern_properties(patterns: Mapping[str, Check]) -> Check:
    """Each property whose name matches satisfies the schema of the pattern."""
    pairs = [(matcher(source), schema) for source, schema in patterns.items()]

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name in value:
            for matches, schema in pairs:
                run.step()
                if not matches(name, run):
                    continue
                if seen is not None:
                    seen.properties.add(name)
                ok = _inside(schema, value, name, run) and ok
            if not ok and run.enough:
                return False
        return ok

    return check


def additional_properties(
    schema: Check | bool, named: frozenset[str], patterns: tuple[str, ...], word: str
) -> Check:
    """Each property that is not named and matches no pattern satisfies the schema."""
    matchers = [matcher(source) for source in patterns]

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name in value:
            if name in named or any(matches(name, run) for matches in matchers):
                continue
            if seen is not None:
                seen.properties.add(name)
            ok = _allowed(schema, value, name, run, word) and ok
            if not ok and run.enough:
                return False
        return ok

    return check


def unevaluated_properties(schema: Check | bool) -> Check:
    """Each property that nothing else has spoken of satisfies the schema."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, dict) or seen is None:
            return True
        ok = True
        for name in value.keys() - seen.properties:
            seen.properties.add(name)
            ok = _allowed(schema, value, name, run, "unevaluatedProperties") and ok
        return ok

    return check


def _allowed(schema: Check | bool, value: dict[str, Any], name: str, run: Run, word: str) -> bool:
    if schema is True:
        return True
    if schema is False:
        return run.fault(word, lambda: UNEXPECTED, name)
    return _inside(schema, value, name, run)


def _inside(schema: Check, value: dict[str, Any], name: str, run: Run) -> bool:
    run.path.append(name)
    ok = schema(value[name], run, None)
    run.path.pop()
    return ok


def property_names(schema: Check) -> Check:
    """Each name satisfies the schema."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        for name in value:
            if not schema(name, run.quiet, None):
                return run.fault("propertyNames", said("{!r} is not a name that may be", name))
        return True

    return check


def required(names: list[str]) -> Check:
    """Each of these is there."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name in names:
            if name not in value:
                ok = run.fault("required", said("{!r} is a required property", name))
        return ok

    return check


def dependent_required(table: Mapping[str, list[str]]) -> Check:
    """Where one property is there, others are too."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name, others in table.items():
            for other in others if name in value else ():
                if other not in value:
                    ok = run.fault("dependentRequired", said("{!r} is required beside {!r}", other, name))
        return ok

    return check


def dependent_schemas(table: Mapping[str, Check]) -> Check:
    """Where a property is there, the whole object satisfies a schema."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        if not isinstance(value, dict):
            return True
        ok = True
        for name, schema in table.items():
            if name in value:
                ok = schema(value, run, seen) and ok
        return ok

    return check

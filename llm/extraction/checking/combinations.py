"""Words that put schemas together, all for the same value."""

from typing import Any

from llm.extraction.checking.run import Check, Fault, Run, Seen


def all_of(schemas: list[Check]) -> Check:
    """Every one is satisfied."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        ok = True
        for schema in schemas:
            ok = schema(value, run, seen) and ok
            if not ok and run.enough:
                return False
        return ok

    return check


def any_of(schemas: list[Check]) -> Check:
    """At least one is satisfied."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        found = False
        for schema in schemas:
            part = None if seen is None else Seen()
            if schema(value, run.quiet, part):
                found = True
                if seen is None or part is None:
                    return True
                seen.add(part)
        return found or _none_fits("anyOf", schemas, value, run)

    return check


def one_of(schemas: list[Check]) -> Check:
    """Exactly one is satisfied."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        found: list[int] = []
        for number, schema in enumerate(schemas):
            part = None if seen is None else Seen()
            if schema(value, run.quiet, part):
                found.append(number)
                if seen is not None and part is not None:
                    seen.add(part)
        if len(found) == 1:
            return True
        if not found:
            return _none_fits("oneOf", schemas, value, run)
        return run.fault("oneOf", lambda: f"It fits {len(found)} of the alternatives, and may fit one alone")

    return check


def not_(schema: Check) -> Check:
    """The schema is not satisfied."""

    def check(value: Any, run: Run, _: Seen | None) -> bool:
        if not schema(value, run.quiet, None):
            return True
        return run.fault("not", lambda: "It is what the schema shuts out")

    return check


def if_(condition: Check, then: Check | None, otherwise: Check | None) -> Check:
    """Where the condition holds, `then` does too; else `otherwise`."""

    def check(value: Any, run: Run, seen: Seen | None) -> bool:
        part = None if seen is None else Seen()
        holds = condition(value, run.quiet, part)
        if holds and seen is not None and part is not None:
            seen.add(part)
        follows = then if holds else otherwise
        return follows is None or follows(value, run, seen)

    return check


def _none_fits(word: str, schemas: list[Check], value: Any, run: Run) -> bool:
    """Say what is wrong with the one alternative that was meant, if that is plain."""
    if run.enough:
        return False
    meant = [
        faults for faults in (_faults(schema, value, run) for schema in schemas) if _may_be_meant(faults, run)
    ]
    if len(meant) != 1:
        return run.fault(word, lambda: f"None of the {len(schemas)} alternatives fits")
    for fault in meant[0]:
        run.faults.append(fault)
    return False


def _faults(schema: Check, value: Any, run: Run) -> list[Fault]:
    branch = run.branch()
    schema(value, branch, None)
    return branch.faults[:5]


def _may_be_meant(faults: list[Fault], run: Run) -> bool:
    """An alternative of another type, or with another mark on it, was not meant."""
    here = len(run.path)
    return not any(
        (fault.word in {"type", "const"} and len(fault.path) == here)
        or (fault.word == "const" and len(fault.path) == here + 1)
        for fault in faults
    )

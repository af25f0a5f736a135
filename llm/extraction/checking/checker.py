"""What checks values against a schema."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jsonschema_specifications import REGISTRY

from llm.extraction.checking.building import Build
from llm.extraction.checking.drafts import Draft, draft_of
from llm.extraction.checking.node import Node
from llm.extraction.checking.run import Fault, Run, TooMuchWork

type Spans = dict[tuple[str | int, ...], tuple[int, int]]


class Checker:
    """What checks values; compile with `compiled`."""

    def __init__(self, build: "Build", root: Node) -> None:
        self._build = build
        self._root = root

    def is_valid(self, value: Any) -> bool:
        """Say whether the value satisfies the schema; raises TooMuchWork."""
        return _bounded(self._root, value, Run(collects=False))

    def faults(self, value: Any, source: str | None = None, found: Spans | None = None) -> list[Fault]:
        """Return what is wrong, at most MOST_FAULTS; raises TooMuchWork.

        Quotes are looked up in `source`, and where they stand is put into `found`.
        """
        quick = Run(collects=False, source=source)
        if _bounded(self._root, value, quick):
            if found is not None:
                found.update(quick.spans)
            return []
        run = Run(collects=True, source=source)
        try:
            _bounded(self._root, value, run)
        except TooMuchWork:  # to say why takes longer than to say that
            return [Fault((), "", "It is not as the schema asks")]
        return run.faults

    def part(self, schema: Any) -> Callable[[Any], bool]:
        """Return a check of values against a part of the document (or one that refers into it)."""
        node = self._build.at_root(schema)
        return lambda value: _bounded(node, value, Run(collects=False))


def _bounded(node: Node, value: Any, run: Run) -> bool:
    try:
        return node(value, run, None)
    except RecursionError:
        raise TooMuchWork from None


def compiled(schema: Any, draft: Draft | None = None) -> Checker:
    """Return the checker of a schema that its metaschema allows; raises Uncheckable."""
    build = Build(schema, draft or draft_of(schema))
    return Checker(build, build.root())


def flaw(schema: Any, draft: Draft) -> Fault | None:
    """Return what the draft itself finds wrong with a schema; raises TooMuchWork."""
    return next(iter(_metaschema(draft).faults(schema)), None)


@lru_cache(maxsize=8)
def _metaschema(draft: Draft) -> Checker:
    return compiled(REGISTRY.contents(draft.uri), draft)

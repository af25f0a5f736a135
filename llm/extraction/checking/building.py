"""From a schema to its nodes: every schema that can be reached is compiled once, circles included."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from jsonschema_specifications import REGISTRY
from referencing.exceptions import Unresolvable
from referencing.jsonschema import lookup_recursive_ref

from llm.extraction.checking import values
from llm.extraction.checking.drafts import Draft, draft_of
from llm.extraction.checking.node import Node
from llm.extraction.checking.patterns import Unusable, matcher
from llm.extraction.checking.run import Check, Run, Seen
from llm.extraction.checking.words import LAST, LENGTHS, MAKERS, REFERENCES

MOST_NODES = 50_000

type Where = tuple[str | int, ...]
type Key = tuple[int, str, tuple[str, ...], str]


class Uncheckable(ValueError):
    """A schema that cannot be compiled; `where` leads from the root, or from what a reference leads to."""

    def __init__(self, says: str, where: Where) -> None:
        self.where = where
        super().__init__(says)


class Build:
    def __init__(self, schema: Any, draft: Draft) -> None:
        self.draft = draft
        self.schema = schema
        resource = draft.specification.create_resource(schema)
        self.resolver = REGISTRY.resolver_with_root(resource)
        self.nodes: dict[Key, Node] = {}
        self.waiting: list[tuple[Node, Any, Any, Draft, Where]] = []
        self.fresh: list[Node] = []
        self.sound: set[int] = set()
        self.kept: list[Any] = []  # schemas whose ids are keys must not be freed

    def root(self) -> Node:
        return self.at_root(self.schema)

    def at_root(self, schema: Any) -> Node:
        node = self.node(schema, self.resolver, self.draft, ())
        while self.waiting:  # not by recursion: a schema may be deep
            found, *rest = self.waiting.pop()
            Compiling(self, *rest).into(found)
        self._check_circles()
        return node

    def _check_circles(self) -> None:
        """Refuse a schema that checks a value only by checking it again."""
        for start in self.fresh:
            if id(start) not in self.sound:
                _walk(start, self.sound)
        self.fresh.clear()

    def node(self, schema: Any, resolver: Any, draft: Draft, where: Where) -> Node:
        scope = tuple(dict.fromkeys(uri for uri, _ in resolver.dynamic_scope()))
        key = (id(schema), resolver._base_uri, scope, draft.uri)  # noqa: SLF001 no other way to ask
        node = self.nodes.get(key)
        if node is None:
            if len(self.nodes) >= MOST_NODES:
                raise Uncheckable("Followed through all references, it is too large.", where)
            node = self.nodes[key] = Node()
            self.kept.append(schema)
            self.fresh.append(node)
            self.waiting.append((node, schema, resolver, draft, where))
        return node


def _walk(start: Node, done: set[int]) -> None:
    on_path: dict[int, None] = {}
    waiting: list[tuple[Node, bool]] = [(start, True)]
    while waiting:
        node, goes_in = waiting.pop()
        if not goes_in:
            del on_path[id(node)]
            done.add(id(node))
        elif id(node) in on_path:
            raise Uncheckable("It refers to itself without end.", ())
        elif id(node) not in done:
            on_path[id(node)] = None
            waiting.append((node, False))
            waiting.extend((child, True) for child in node.always)


class Compiling:
    """One schema at work."""

    def __init__(self, build: Build, schema: Any, resolver: Any, draft: Draft, where: Where) -> None:
        self.build = build
        self.schema = schema
        self.draft = draft_of(schema, draft)
        self.where = where
        self.resolver = resolver

    def into(self, node: Node) -> None:
        if self.schema is False:
            node.checks = (_never,)
        if not isinstance(self.schema, Mapping):
            return
        lone = self.draft.lone_ref and isinstance(self.schema.get("$ref"), str)
        words = self.draft.words if not lone else frozenset({"$ref"})
        try:
            checks = dict(self._checks(words))
        except Unusable:
            raise Uncheckable(
                "This pattern cannot be checked in bounded time.", (*self.where, *self._bad_pattern())
            ) from None
        node.always = [
            check for word, check in checks.items() if word in REFERENCES and isinstance(check, Node)
        ]
        if "allOf" in checks:
            node.always += [child for child in self.listed("allOf") if isinstance(child, Node)]
        node.last = tuple(checks.pop(word) for word in LAST if word in checks)
        node.checks = tuple(checks.values())

    def _checks(self, words: frozenset[str]) -> Iterator[tuple[str, Check]]:
        has = words & self.schema.keys()
        yield from self._quick(has)
        for word in (word for word in self.schema if word in has):
            if word in REFERENCES:
                yield word, self._reference(word)
            elif word in MAKERS:
                made = MAKERS[word](self)
                if made is not None:
                    yield word, made

    def _quick(self, has: frozenset[str]) -> Iterator[tuple[str, Check]]:
        """The checks that cost least stand first."""
        if "type" in has:
            yield "type", values.type_(self.schema["type"], whole_floats=self.draft.whole_floats)
        bounds = values.limits(self.schema, exclusive_flags=self.draft.exclusive_flags)
        yield from ((word, check) for word, check in bounds.items() if word in has)
        for word, (kind, holds, says) in LENGTHS.items():
            if word in has:
                yield word, values.length(word, kind, self.schema[word], holds, says)

    def _reference(self, word: str) -> Check:
        reference = self.schema[word]
        try:
            found = (
                lookup_recursive_ref(self.resolver)
                if word == "$recursiveRef"
                else self.resolver.lookup(reference)
            )
        except (Unresolvable, LookupError, ValueError, TypeError, AttributeError):
            raise Uncheckable(_unfollowed(reference), (*self.where, word)) from None
        if not isinstance(found.contents, (Mapping, bool)):
            raise Uncheckable("The reference leads to something that is no schema.", (*self.where, word))
        return self.build.node(found.contents, found.resolver, self.draft, steps_of(reference))

    def child(self, schema: Any, *steps: str | int) -> Check:
        resource = self.draft.specification.create_resource(schema)
        try:
            resolver = self.resolver.in_subresource(resource)
        except (ValueError, TypeError, AttributeError):
            raise Uncheckable("Its $id is no address.", (*self.where, *steps, "$id")) from None
        return self.build.node(schema, resolver, self.draft, (*self.where, *steps))

    def child_or_bool(self, schema: Any, *steps: str | int) -> Check | bool:
        return schema if isinstance(schema, bool) else self.child(schema, *steps)

    def listed(self, word: str) -> list[Check]:
        return [self.child(schema, word, number) for number, schema in enumerate(self.schema[word])]

    def by_name(self, word: str) -> dict[str, Check]:
        return {name: self.child(schema, word, name) for name, schema in self.schema[word].items()}

    def _bad_pattern(self) -> Where:
        named = list(self.schema.get("patternProperties", {}))
        bad = next((source for source in named if not _usable(source)), None)
        return ("pattern",) if bad is None else ("patternProperties", bad)


def _usable(source: str) -> bool:
    try:
        matcher(source)
    except Unusable:
        return False
    return True


def _never(_: Any, run: Run, __: Seen | None) -> bool:
    return run.fault("", lambda: "Nothing may stand here")


def steps_of(reference: str) -> Where:
    """Where a reference into the same document leads."""
    if not reference.startswith("#/"):
        return ()
    return tuple(s.replace("~1", "/").replace("~0", "~") for s in unquote(reference[2:]).split("/"))


def _unfollowed(reference: str) -> str:
    if reference.startswith("#"):
        return "The reference leads nowhere."
    return "Only references into the same schema (#/...) are followed."

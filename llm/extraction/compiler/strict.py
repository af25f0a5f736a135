"""A schema in the strict dialect of a vendor, rewritten without loss wherever that can be done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm.extraction.compiler import words
from llm.extraction.compiler.dialects import FORMATS, Dialect
from llm.extraction.compiler.merging import NOTES, merged
from llm.extraction.compiler.references import HOME, Settled, circles
from llm.extraction.compiler.report import Findings, Inexpressible
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
from llm.extraction.subschemas import Path

type Part = tuple[dict[str, Any], Shape | None]
type TakesNull = Callable[[Any], bool]

PAIRS = "pairs"
MOST_PARTS = 20_000  # a part that is used twice in a part that is used twice...
NULL: dict[str, Any] = {"type": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    """What is sent, and how to read what comes back. `homes` are the shapes of `$defs`."""

    sent: dict[str, Any]
    shape: Shape | None
    homes: Mapping[str, Shape | None]


def strict(settled: Settled, dialect: Dialect, findings: Findings, takes_null: TakesNull) -> Strict:
    """Rewrite a schema; raises Inexpressible where the dialect has no words.

    `takes_null` says whether a part of the document is satisfied by null.
    """
    return _Rewriting(settled.document, settled.origins, dialect, findings, takes_null).whole()


@dataclass(slots=True)
class _Rewriting:
    document: Mapping[str, Any]
    origins: Mapping[str, Path]
    dialect: Dialect
    findings: Findings
    takes_null: TakesNull
    homes: dict[str, Part] = field(default_factory=dict)
    circular: frozenset[str] = frozenset()
    properties: int = 0
    optional: int = 0
    unions: int = 0
    choices: int = 0
    parts: int = 0

    def whole(self) -> Strict:
        self.circular = circles(self.document)
        if self.circular and not self.dialect.recursive:
            raise Inexpressible((), "The provider's strict mode takes no schema that contains itself.")
        root = {word: value for word, value in self.document.items() if word != "$defs"}
        if "$ref" in root and root["$ref"].removeprefix(HOME) not in self.circular:
            root = self._inlined(root, ())
        sent, shape = self._part(root, ())
        if sent.get("type") != "object":
            sent, shape = self._closed({VALUE: sent}, [VALUE]), Wrapped(shape)
        used = {name: part for name, (part, _) in self.homes.items()}
        if used:
            sent = {**sent, "$defs": used}
        self._measure(sent)
        return Strict(sent=sent, shape=shape, homes={name: part for name, (_, part) in self.homes.items()})

    def _part(self, schema: Any, path: Path) -> Part:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Inexpressible(path, "Written out, the schema is too large.")
        if not isinstance(schema, Mapping) or _is_any(schema):
            raise Inexpressible(path, "A value of any kind cannot be asked for: name its type.")
        if "allOf" in schema:
            return self._part(self._together(schema, path), path)
        if "$ref" in schema:
            return self._reference(schema, path)
        if any(word in schema for word in words.UNIONS):
            return self._union(schema, path)
        self._drop(schema, {"not", "if", "then", "else"}, path)
        if "const" in schema or "enum" in schema:
            return self._choice(schema, path)
        return self._typed(schema, path)

    def _reference(self, schema: Mapping[str, Any], path: Path) -> Part:
        if schema.keys() - NOTES - {"$ref"}:
            return self._part(self._inlined(schema, path), path)
        name = schema["$ref"].removeprefix(HOME)
        if name not in self.homes:
            self.homes[name] = ({}, None)
            self.homes[name] = self._part(self.document["$defs"][name], self.origins[name])
        same = name not in self.circular and self.homes[name][1] is None
        return {"$ref": schema["$ref"]}, None if same else Defined(name)

    def _inlined(self, schema: Mapping[str, Any], path: Path) -> Any:
        """Put what stands beside a reference into what it leads to."""
        name = schema["$ref"].removeprefix(HOME)
        if name in self.circular:
            raise Inexpressible(path, "A schema that contains itself cannot be changed where it is used.")
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        return merged(beside, self.document["$defs"][name], path)

    def _together(self, schema: Mapping[str, Any], path: Path) -> Any:
        whole: Any = {word: value for word, value in schema.items() if word != "allOf"}
        for number, part in enumerate(schema["allOf"]):
            step = (*path, "allOf", number)
            whole = merged(whole, self._inlined(part, step) if _refers(part) else part, path)
        if not isinstance(whole, Mapping):
            raise Inexpressible(path, "No value satisfies it.")
        return whole

    def _union(self, schema: Mapping[str, Any], path: Path) -> Part:
        word, *others = [word for word in words.UNIONS if word in schema]
        if others:
            raise Inexpressible(path, "anyOf and oneOf stand beside each other.")
        if word == "oneOf":
            self.findings.note(path, ["oneOf"], kept=frozenset())
        base = {key: value for key, value in schema.items() if key not in {word, "discriminator"}}
        alone = not (base.keys() - NOTES)
        branches, shapes = [], []
        for number, branch in enumerate(schema[word]):
            if branch is False:
                continue
            step = (*path, word, number)
            whole = (
                branch
                if alone
                else merged(base, self._inlined(branch, step) if _refers(branch) else branch, path)
            )
            sent, shape = self._part(whole, step)
            branches.append(sent)
            shapes.append((whole, shape))
        return self._any(branches, shapes, schema, path)

    def _any(
        self,
        branches: list[dict[str, Any]],
        shapes: list[tuple[Any, Shape | None]],
        schema: Mapping[str, Any],
        path: Path,
    ) -> Part:
        if not branches:
            raise Inexpressible(path, "No value satisfies it.")
        branches, shapes = self._told_apart(branches, shapes)
        self.unions += len(branches) > 1
        self.choices += len(branches)
        sent = branches[0] if len(branches) == 1 else {"anyOf": branches}
        changed = any(shape is not None for _, shape in shapes)
        return {**_notes(schema), **sent}, OneOf(tuple(shapes)) if changed else None

    def _told_apart(
        self, branches: list[dict[str, Any]], shapes: list[tuple[Any, Shape | None]]
    ) -> tuple[list[dict[str, Any]], list[tuple[Any, Shape | None]]]:
        """Pairs beside a list could be either when they are empty: put them into an object."""
        lists = [n for n, branch in enumerate(branches) if self._kinds(branch, "array")]
        if len(lists) < 2 or not any(self._is_pairs(shapes[n][1]) for n in lists):
            return branches, shapes
        branches, shapes = list(branches), list(shapes)
        for n in lists:
            whole, shape = shapes[n]
            if self._is_pairs(shape):
                branches[n] = self._closed({PAIRS: branches[n]}, [PAIRS])
                shapes[n] = (whole, Wrapped(shape, PAIRS))
        return branches, shapes

    def _kinds(self, sent: dict[str, Any], kind: str) -> bool:
        """Say whether what is sent may be answered by a value of the kind."""
        if "$ref" in sent:
            home, _ = self.homes[sent["$ref"].removeprefix(HOME)]
            return self._kinds(home, kind) if home else True  # still being made: it could be anything
        return sent.get("type") == kind or any(self._kinds(branch, kind) for branch in sent.get("anyOf", ()))

    def _is_pairs(self, shape: Shape | None) -> bool:
        if isinstance(shape, Defined):
            home, inner = self.homes[shape.name]
            return self._is_pairs(inner) if home else _asks_for_pairs(self.document["$defs"][shape.name])
        if isinstance(shape, OneOf):
            return any(self._is_pairs(inner) for _, inner in shape.branches)
        return isinstance(shape, Pairs)

    def _choice(self, schema: Mapping[str, Any], path: Path) -> Part:
        values = [schema["const"]] if "const" in schema else list(schema["enum"])
        if not all(isinstance(value, words.SCALARS) for value in values):
            raise Inexpressible(path, "A choice between objects or lists cannot be asked for.")
        values = [value for value in values if words.is_of(value, schema.get("type"))]
        if not values:
            raise Inexpressible(path, "No value satisfies it.")
        word = "const" if "const" in schema else "enum"
        kept = frozenset({word, "type"})
        self.findings.note(path, schema.keys() & (kept | words.BOUNDS), kept=kept)
        self.choices += len(values)
        said = {"const": values[0]} if word == "const" else {"enum": values}
        kinds = {words.kind_of(value) for value in values}
        typed = {"type": kinds.pop()} if len(kinds) == 1 else {}
        return {**_notes(schema), **typed, **said}, None

    def _typed(self, schema: Mapping[str, Any], path: Path) -> Part:
        kinds = schema.get("type") or words.meant(schema)
        if not kinds:
            raise Inexpressible(path, "A value of any kind cannot be asked for: name its type.")
        if "type" not in schema:
            self.findings.narrow(path)
        if isinstance(kinds, str):
            return self._kind(kinds, schema, path)
        parts = [
            ({**words.only(schema, kind), "type": kind}, self._kind(kind, words.only(schema, kind), path))
            for kind in kinds
        ]
        branches = [sent for _, (sent, _) in parts]
        return self._any(branches, [(whole, shape) for whole, (_, shape) in parts], schema, path)

    def _kind(self, kind: str, schema: Mapping[str, Any], path: Path) -> Part:
        if kind == "object":
            return self._object(schema, path)
        if kind == "array":
            return self._array(schema, path)
        bounds = schema.keys() & words.BOUNDS
        kept = frozenset(word for word in bounds & self.dialect.bounds if _is_taken(word, schema[word]))
        self.findings.note(path, [*bounds, "type"], kept=kept | {"type"})
        told = _told(schema, bounds - kept)
        return {**told, "type": kind, **{word: schema[word] for word in sorted(kept)}}, None

    def _object(self, schema: Mapping[str, Any], path: Path) -> Part:
        named = schema.get("properties", {})
        asked = frozenset(schema.get("required", ()))
        if "patternProperties" in schema:
            raise Inexpressible((*path, "patternProperties"), "Properties by pattern cannot be asked for.")
        if missing := asked - named.keys():
            raise Inexpressible((*path, "required"), f"{min(missing)!r} is required and not described.")
        self._drop(schema, words.UNASKED_NAMES | words.DEPENDENTS, path)
        if _named_by(schema) - named.keys() or schema.get("dependentSchemas"):
            raise Inexpressible(path, "What depends on another property cannot be asked for.")
        self.findings.note(path, schema.keys() & words.STRUCTURE, kept=words.STRUCTURE)
        more = self._more(schema, path)
        if more is not False and not named:
            return self._pairs(schema, more, path)
        return self._named(schema, asked, more, path)

    def _more(self, schema: Mapping[str, Any], path: Path) -> Any:
        """Return the schema of properties that have no name, False if none are asked for."""
        more = schema.get("additionalProperties", True)
        if more is False or not _is_any(more):
            return more
        if not schema.get("properties"):
            raise Inexpressible(path, "An object of any content cannot be asked for: name its properties.")
        self.findings.narrow(path)
        return False

    def _pairs(self, schema: Mapping[str, Any], more: Any, path: Path) -> tuple[dict[str, Any], Pairs]:
        sent, shape = self._part(more, (*path, "additionalProperties"))
        pair = self._closed({KEY: {"type": "string"}, VALUE: sent}, [KEY, VALUE])
        return {**_notes(schema), "type": "array", "items": pair}, Pairs(shape)

    def _named(self, schema: Mapping[str, Any], asked: frozenset[str], more: Any, path: Path) -> Part:
        sent: dict[str, Any] = {}
        shapes: dict[str, Shape] = {}
        absent, left_out = set[str](), set[str]()
        for name, child in schema.get("properties", {}).items():
            if child is False:
                if name in asked:
                    raise Inexpressible((*path, "properties", name), "No value satisfies it.")
                continue
            part, shape = self._part(child, (*path, "properties", name))
            if name not in asked and not self.takes_null(child) and not _may_be_empty(child):
                (absent if self.dialect.all_required else left_out).add(name)
            sent[name] = self._nullable(part) if name in absent else part
            if shape is not None:
                shapes[name] = shape
        self.optional += len(left_out)
        rest = None
        if more is not False:
            name = _free("more", sent)
            sent[name], pairs = self._pairs({}, more, path)
            rest = (name, pairs)
        body = self._closed(sent, [name for name in sent if name not in left_out])
        changed = shapes or absent or rest
        return {**_notes(schema), **body}, Named(shapes, frozenset(absent), rest) if changed else None

    def _nullable(self, part: dict[str, Any]) -> dict[str, Any]:
        """A property that may be left out, in a dialect where all must be there."""
        self.unions += 1
        notes = _notes(part)
        inner = {word: value for word, value in part.items() if word not in notes}
        branches = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
        return {**notes, "anyOf": [*branches, NULL]}

    def _array(self, schema: Mapping[str, Any], path: Path) -> Part:
        self._drop(schema, words.UNASKED_LISTS, path)
        bounds = schema.keys() & words.LENGTHS
        if "prefixItems" in schema:
            self.findings.note(path, [*bounds, "prefixItems"], kept=frozenset({"prefixItems"}))
            return self._tuple(schema, path)
        items = schema.get("items", True)
        if items is False:
            raise Inexpressible((*path, "items"), "A list that is always empty cannot be asked for.")
        sent, shape = self._part(items, (*path, "items"))
        most = self.dialect.most_items_asked
        kept = frozenset(w for w in bounds & self.dialect.bounds if most is None or schema[w] <= most)
        self.findings.note(path, [*bounds, "type"], kept=kept | {"type"})
        told = _told(schema, bounds - kept)
        body = {**told, "type": "array", "items": sent, **{word: schema[word] for word in sorted(kept)}}
        return body, Listed(shape) if shape else None

    def _tuple(self, schema: Mapping[str, Any], path: Path) -> Part:
        sent: dict[str, Any] = {}
        items: list[tuple[str, Shape | None]] = []
        for number, child in enumerate(schema["prefixItems"]):
            name = f"item_{number + 1}"
            sent[name], shape = self._part(child, (*path, "prefixItems", number))
            items.append((name, shape))
        more = schema.get("items", True)
        if more is False or _is_any(more):
            self.findings.narrow(path)
            return {**_notes(schema), **self._closed(sent, list(sent))}, Numbered(tuple(items))
        part, shape = self._part(more, (*path, "items"))
        sent["rest"] = {"type": "array", "items": part}
        return {**_notes(schema), **self._closed(sent, list(sent))}, Numbered(tuple(items), ("rest", shape))

    def _closed(self, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
        self.properties += len(properties)
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def _drop(self, schema: Mapping[str, Any], unasked: Iterable[str], path: Path) -> None:
        """Leave constraints to our own check; those that ask for something unnamed cannot be left."""
        left = schema.keys() & set(unasked)
        self.findings.note(path, left, kept=frozenset())
        for word in left & {"then", "else"}:
            if isinstance(schema[word], Mapping) and _named_by(schema[word]) - set(
                schema.get("properties", {})
            ):
                raise Inexpressible((*path, word), "What depends on another property cannot be asked for.")

    def _measure(self, sent: dict[str, Any]) -> None:
        limits = self.dialect
        for count, most, what in (
            (self.properties, limits.max_properties, "properties"),
            (self.choices, limits.max_choices, "choices"),
            (_depth(sent), limits.max_depth, "levels"),
            (self.optional, limits.max_optional, "properties that may be left out"),
            (self.unions, limits.max_unions, "unions"),
        ):
            if most is not None and count > most:
                raise Inexpressible((), f"The provider's strict mode takes at most {most} {what}.")


def _asks_for_pairs(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "additionalProperties" in schema and not schema.get("properties")


def _refers(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "$ref" in schema


def _is_any(schema: Any) -> bool:
    return schema is True or (isinstance(schema, Mapping) and not (schema.keys() - NOTES))


def _named_by(schema: Mapping[str, Any]) -> set[str]:
    """The properties that a conditional part asks for."""
    depends = schema.get("dependentRequired", {})
    dependent = {name for names in depends.values() for name in names}
    return set(schema.get("properties", {})) | set(schema.get("required", ())) | dependent


def _notes(schema: Mapping[str, Any]) -> dict[str, Any]:
    text = schema.get("description") or schema.get("title")
    return {"description": text} if isinstance(text, str) and text else {}


def _told(schema: Mapping[str, Any], unkept: Iterable[str]) -> dict[str, Any]:
    """Say in words what the provider does not enforce."""
    notes = _notes(schema)
    rules = ", ".join(f"{word} {schema[word]}" for word in sorted(unkept))
    if rules:
        notes["description"] = f"{notes['description']} ({rules})" if notes else rules
    return notes


def _is_taken(word: str, value: Any) -> bool:
    if word == "format":
        return value in FORMATS
    return not (word == "pattern" and "(?" in value)


def _may_be_empty(schema: Any) -> bool:
    return (
        isinstance(schema, Mapping)
        and schema.get("type") == "array"
        and not schema.get("minItems")
        and "prefixItems" not in schema
    )


def _free(stem: str, taken: Mapping[str, Any]) -> str:
    name = stem
    while name in taken:
        name += "_"
    return name


def _depth(sent: dict[str, Any]) -> int:
    """Levels of objects and lists, each definition for itself."""
    deepest = 0
    waiting = [(1, sent)]
    while waiting:
        level, part = waiting.pop()
        deepest = max(deepest, level)
        inner = [*part.get("properties", {}).values(), *([part["items"]] if "items" in part else [])]
        waiting.extend((level + 1, child) for child in inner)
        waiting.extend((level, child) for child in part.get("anyOf", ()))
        waiting.extend((1, child) for child in part.get("$defs", {}).values())
    return deepest

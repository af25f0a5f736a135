"""JSON Schemas that callers send: what is taken, and a check of answers that ends in bounded time.

Draft 2020-12, nothing is coerced ("3" is not 3), nothing is fetched. Patterns run on Rust's engine, which
is linear: a pattern like ^(a+)+$ would hold up Python's, and with it the whole process.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from pydantic_core import SchemaError as PatternError
from pydantic_core import SchemaValidator, core_schema
from referencing import Registry
from referencing.exceptions import Unresolvable

from llm.errors import Rejected
from llm.extraction.pointers import pointer
from llm.extraction.subschemas import Path, walk

MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_BYTES = 64 * 1024
REFERENCES = ("$ref", "$dynamicRef")
NOWHERE: Registry[Any] = Registry()  # an empty registry fetches nothing


class SchemaRefused(Rejected):
    """The schema cannot be used; `errors` point into it, from its root."""

    says = "The schema cannot be used."

    def __init__(self, message: str, path: Path = ()) -> None:
        self.errors: tuple[dict[str, str], ...] = ({"pointer": pointer(path), "message": message},)
        super().__init__(f"The schema cannot be used. {message.rstrip('.')}.")


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """Return what checks answers; raises SchemaRefused for a schema that could do harm or says nothing."""
    _measure(schema)
    for path, found in walk(schema):
        _check_place(path, found)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise SchemaRefused(_short(error.message), tuple(error.absolute_path)) from None
    validator: Validator = Bounded(schema, registry=NOWHERE)
    _try_references(schema, validator)
    return validator


def faults(validator: Validator, value: Any) -> tuple[dict[str, str], ...]:
    """Return what is wrong with `value`, at most 20 faults, in the order of the document."""
    try:
        found = sorted(validator.iter_errors(value), key=lambda error: [str(s) for s in error.absolute_path])
    except RecursionError:
        return ({"pointer": "", "message": "It is nested too deeply."},)
    return tuple(
        {"pointer": pointer(error.absolute_path), "message": _short(error.message)} for error in found[:20]
    )


def _measure(schema: Mapping[str, Any]) -> None:
    """Hold the caps before anything recursive looks at it."""
    waiting: list[tuple[int, Any]] = [(1, schema)]
    nodes = 0
    while waiting:
        depth, found = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise SchemaRefused(f"It is nested deeper than {MAX_DEPTH} levels.")
        if nodes > MAX_NODES:
            raise SchemaRefused(f"It has more than {MAX_NODES:,} parts.")
        inner = found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else ()
        waiting.extend((depth + 1, child) for child in inner)
    if len(json.dumps(schema)) > MAX_BYTES:
        raise SchemaRefused(f"It is larger than {MAX_BYTES // 1024} KiB.")


def _check_place(path: Path, schema: Any) -> None:
    if not isinstance(schema, Mapping):
        return
    for word in REFERENCES:
        target = schema.get(word)
        if isinstance(target, str) and not target.startswith("#"):
            raise SchemaRefused("Only references into the same schema (#/...) are followed.", (*path, word))
    if path and "$id" in schema:
        raise SchemaRefused("Only the outermost schema may have an $id.", (*path, "$id"))
    for place, pattern in _patterns(schema):
        try:
            _matcher(pattern)
        except PatternError:
            raise SchemaRefused(
                "This pattern cannot be checked in bounded time: write it without look-around and "
                "back-references.",
                (*path, *place),
            ) from None
    if "patternProperties" in schema and "unevaluatedProperties" in schema:
        raise SchemaRefused(
            "patternProperties and unevaluatedProperties cannot stand together.",
            (*path, "unevaluatedProperties"),
        )


def _patterns(schema: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if isinstance(schema.get("pattern"), str):
        yield ("pattern",), schema["pattern"]
    named = schema.get("patternProperties")
    if isinstance(named, Mapping):
        yield from ((("patternProperties", pattern), pattern) for pattern in named)


def _try_references(schema: Mapping[str, Any], validator: Validator) -> None:
    """Follow every reference once, and find circles that would never end."""
    for path, found in walk(schema):
        for word in REFERENCES:
            if isinstance(found, Mapping) and isinstance(found.get(word), str):
                try:
                    validator._resolver.lookup(found[word])  # type: ignore[attr-defined]  # noqa: SLF001
                except Unresolvable:
                    raise SchemaRefused("The reference leads nowhere.", (*path, word)) from None
    try:
        for _ in validator.iter_errors(None):
            pass
    except RecursionError:
        raise SchemaRefused("It refers to itself without end.") from None


@lru_cache(maxsize=2048)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a search for `pattern` that takes linear time; raises PatternError."""
    engine = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    return lambda text: engine.isinstance_python(text)


def _pattern(_: Validator, pattern: str, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not _matcher(pattern)(instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, named: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in named.items():
        for name, value in instance.items():
            if _matcher(pattern)(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, additional: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    matchers = [_matcher(pattern) for pattern in schema.get("patternProperties", {})]
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(matches(name) for matches in matchers):
            continue
        if additional is False:
            yield jsonschema.ValidationError("This property is not in the schema.", path=[name])
        else:
            yield from validator.descend(value, additional, path=name)


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:300]}..."


Bounded: Any = extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    },
)

"""Schemas and values of every kind, small enough that they meet."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "key", "value", "item_1"])
PATTERNS = st.sampled_from(["^a", "b$", "^[ab]+$", r"^\w$", r"\d", "^(?!a)", "^(a+)+$", r"^\S*$", "x{2}"])
NUMBERS = st.sampled_from([0, 1, 2, 3, -1, 1.0, 1.5, 0.1, 1e3])
SIZES = st.integers(0, 3)
KINDS = st.sampled_from(["null", "boolean", "string", "integer", "number", "array", "object"])
STRINGS = st.sampled_from(["", "a", "ab", "aab", "b", "x1", "a\n", "key", "\u00e9", "\u0663", " "])
SCALARS = st.none() | st.booleans() | NUMBERS | STRINGS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def _some(**words: Any) -> Any:
    return st.fixed_dictionaries({}, optional=words)


LEAVES = st.one_of(
    st.booleans(),
    st.just({}),
    st.builds(lambda kind: {"type": kind}, KINDS | st.lists(KINDS, min_size=1, max_size=2, unique=True)),
    st.builds(lambda values: {"enum": values}, st.lists(VALUES, min_size=1, max_size=3)),
    st.builds(lambda value: {"const": value}, VALUES),
    st.sampled_from([{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/two"}, {"$ref": "#"}, {"$ref": "#mark"}]),
    _some(type=st.just("string"), minLength=SIZES, maxLength=SIZES, pattern=PATTERNS),
    _some(
        type=st.sampled_from(["integer", "number"]),
        minimum=NUMBERS,
        exclusiveMaximum=NUMBERS,
        multipleOf=st.sampled_from([1, 2, 0.1, 0.5]),
    ),
)


def _larger(inner: Any) -> Any:
    named = st.dictionaries(NAMES, inner, max_size=3)
    listed = st.lists(inner, min_size=1, max_size=3)
    names = st.lists(NAMES, max_size=2, unique=True)
    return st.one_of(
        _some(
            type=st.just("object"),
            properties=named,
            required=names,
            additionalProperties=inner,
            patternProperties=st.dictionaries(PATTERNS, inner, max_size=1),
        ),
        _some(
            properties=named,
            propertyNames=inner,
            minProperties=SIZES,
            maxProperties=SIZES,
            dependentRequired=st.dictionaries(NAMES, names, max_size=1),
            dependentSchemas=st.dictionaries(NAMES, inner, max_size=1),
            unevaluatedProperties=inner,
        ),
        _some(
            type=st.just("array"), prefixItems=listed, items=inner, minItems=SIZES, uniqueItems=st.booleans()
        ),
        _some(contains=inner, minContains=SIZES, maxContains=SIZES, maxItems=SIZES, unevaluatedItems=inner),
        _some(allOf=listed, properties=named, unevaluatedProperties=inner),
        _some(anyOf=listed, type=KINDS),
        _some(oneOf=listed, required=names),
        st.fixed_dictionaries({"not": inner}),
        st.builds(lambda test, then, other: {"if": test, "then": then, "else": other}, inner, inner, inner),
    )


PARTS = st.recursive(LEAVES, _larger, max_leaves=8)


@st.composite
def schemas(draw: Any) -> dict[str, Any]:
    """Draw a schema of draft 2020-12 with definitions that its parts may refer to."""
    root = draw(_larger(PARTS))
    mark = {"$anchor": "mark", "type": draw(KINDS)}
    return {**root, "$defs": {"one": draw(PARTS), "two": draw(_larger(LEAVES)), "mark": mark}}

"""What the strict modes of the vendors take, as data (from their documentation and SDKs)."""

from dataclasses import dataclass

from llm.extraction.compiler import words

FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)  # both vendors


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A strict mode: every object is closed, the outermost value is an object, no value is untyped.

    `bounds` are the words it enforces beside structure. `all_required`: a property cannot be left out, so
    that an absent one is said by null. `most_items_asked` is the highest `minItems`.
    """

    bounds: frozenset[str]
    all_required: bool
    recursive: bool
    most_items_asked: int | None = None
    max_depth: int = 10
    max_properties: int = 5000
    max_choices: int = 1000
    max_optional: int | None = None
    max_unions: int | None = None


OPENAI = Dialect(
    bounds=words.NUMBERS | words.LENGTHS | {"minLength", "maxLength", "pattern", "format"},
    all_required=True,
    recursive=True,
)
ANTHROPIC = Dialect(
    bounds=frozenset({"format", "minItems"}),
    all_required=False,
    recursive=False,
    most_items_asked=1,
    max_optional=24,
    max_unions=16,
)
STRICT = {"openai": OPENAI, "anthropic": ANTHROPIC}

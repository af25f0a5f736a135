"""What a check says of an answer. Patterns run on Rust's engine, which is linear in the text."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema
from pydantic_core import ValidationError as Mismatch

from llm.extraction.raw_schema import SchemaRefused, faults, validator_of
from llm.types import Reply
from prompts.models import CaseCheck

DEFAULT_THRESHOLD = 0.7
Kind = CaseCheck.Kind


class Turn(BaseModel):
    """A message that follows the prompt."""

    role: Literal["user", "assistant"]
    content: str


TURNS = TypeAdapter(list[Turn])
VARIABLES = TypeAdapter(dict[str, str])
TEXT = TypeAdapter(Annotated[str, Field(min_length=1, max_length=10_000)])
COUNT = TypeAdapter(Annotated[int, Field(ge=1)])
AMOUNT = TypeAdapter(Annotated[Decimal, Field(ge=0, allow_inf_nan=False)])
THRESHOLD = TypeAdapter(Annotated[float, Field(ge=0, le=1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a check holds, and if not, why."""

    passed: bool
    reason: str = ""


def wrong_variables(value: Any) -> str:
    """Return what is wrong with a case's variables, or ""."""
    return _wrong(VARIABLES, value, _("Give an object whose values are texts."))


def wrong_messages(value: Any) -> str:
    """Return what is wrong with a case's messages, or ""."""
    return _wrong(
        TURNS, value, _("Give a list of messages, each with a role (user, assistant) and a content.")
    )


def wrong_check(check: CaseCheck) -> str:
    """Return what is wrong with a check, or ""."""
    match check.kind:
        case Kind.SCHEMA:
            return _wrong_schema(check.value) if check.value.strip() else ""
        case Kind.MATCHES:
            return _wrong(TEXT, check.value, _("Write a pattern.")) or _wrong_pattern(check.value)
        case Kind.MAX_TOKENS:
            return _wrong(COUNT, check.value, _("Write a whole number from 1."))
        case Kind.MAX_COST | Kind.MAX_LATENCY:
            return _wrong(AMOUNT, check.value, _("Write a number, such as 0.5."))
        case Kind.JUDGE:
            wrong = _wrong(TEXT, check.value, _("Write the rubric that the answer is judged by."))
            limit = DEFAULT_THRESHOLD if check.threshold is None else check.threshold
            return wrong or _wrong(THRESHOLD, limit, _("Give a threshold from 0 to 1."))
        case Kind.EQUALS:
            return ""  # an empty answer can be what is wanted
        case _:
            return _wrong(TEXT, check.value, _("Write the text, of up to 10,000 characters."))


def verdict(check: CaseCheck, reply: Reply, *, schema: str, seconds: float) -> Verdict:
    """Return what a check other than a judge says; `schema` is the prompt's, `seconds` the call's time."""
    if wrong := wrong_check(check):
        return Verdict(passed=False, reason=wrong)
    return VERDICTS[check.kind](check.value, reply, schema, seconds)


def _wrong(shape: TypeAdapter[Any], value: Any, sentence: str) -> str:
    try:
        shape.validate_python(value)
    except ValidationError:
        return sentence
    return ""


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _wrong_pattern(pattern: str) -> str:
    try:
        _pattern(pattern)
    except SchemaError:
        return _("The pattern cannot be used. It has no look-around and no back-references.")
    return ""


def _wrong_schema(text: str) -> str:
    try:
        schema = json.loads(text)
        if not isinstance(schema, dict):
            return _("A schema is a JSON object.")
        validator_of(schema)
    except (ValueError, RecursionError):
        return _("The schema is not JSON.")
    except SchemaRefused as error:
        return error.sentence
    return ""


def _said(passed: bool, reason: str) -> Verdict:
    return Verdict(passed=passed, reason="" if passed else reason)


def _contains(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    return _said(value in reply.text, _("The answer does not contain it."))


def _lacks(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    return _said(value not in reply.text, _("The answer contains it."))


def _matches(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    try:
        _pattern(value).validate_python(reply.text)
    except Mismatch:
        return Verdict(passed=False, reason=_("The answer does not match."))
    return Verdict(passed=True)


def _equals(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    return _said(value.strip() == reply.text.strip(), _("The answer is another."))


def _fits(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    wanted = value.strip() or schema.strip()
    if not wanted:
        return Verdict(passed=False, reason=_("The prompt has no schema. Give one in the check."))
    if wrong := _wrong_schema(wanted):
        return Verdict(passed=False, reason=wrong)
    try:
        data = json.loads(reply.text)
    except (ValueError, RecursionError):
        return Verdict(passed=False, reason=_("The answer is not JSON."))
    found = faults(validator_of(json.loads(wanted)), data)
    return _said(not found, "; ".join(f"{f['pointer'] or '/'}: {f['message']}" for f in found[:3]))


def _short(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    used = reply.usage.output_tokens
    return _said(used <= int(value), _("The answer has %(used)s tokens.") % {"used": used})


def _cheap(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    if reply.cost is None:
        return Verdict(passed=False, reason=_("The price of the model is not known."))
    return _said(reply.cost <= Decimal(value), _("It cost $%(cost)s.") % {"cost": reply.cost})


def _fast(value: str, reply: Reply, schema: str, seconds: float) -> Verdict:
    return _said(seconds <= float(value), _("It took %(seconds).2f seconds.") % {"seconds": seconds})


VERDICTS: dict[str, Callable[[str, Reply, str, float], Verdict]] = {
    Kind.CONTAINS: _contains,
    Kind.NOT_CONTAINS: _lacks,
    Kind.MATCHES: _matches,
    Kind.EQUALS: _equals,
    Kind.SCHEMA: _fits,
    Kind.MAX_TOKENS: _short,
    Kind.MAX_COST: _cheap,
    Kind.MAX_LATENCY: _fast,
}

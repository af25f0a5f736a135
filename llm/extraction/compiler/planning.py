"""How one model is made to answer in the shape of a schema: chosen by what is known of it, never by trial."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from llm import catalog
from llm.catalog import Card
from llm.extraction.checking import REFERENCES, Checker, TooMuchWork, Uncheckable, compiled, draft_of
from llm.extraction.compiler.dialects import STRICT
from llm.extraction.compiler.loose import loose
from llm.extraction.compiler.partly import HELD, partly
from llm.extraction.compiler.references import Settled, settle
from llm.extraction.compiler.report import Findings, Inexpressible, Report
from llm.extraction.compiler.shapes import VALUE, Shape, Valid, Way, Wrapped
from llm.extraction.compiler.strict import strict
from llm.extraction.compiler.upgrading import upgraded
from llm.extraction.kept import Kept
from llm.extraction.subschemas import walk

type Mode = Literal["native", "tool", "prompt"]

SMALL_CONTEXT = 8192


@dataclass(frozen=True, kw_only=True)  # no slots: a plan is made once and remembers what it compiled
class Plan:
    """`native`: the provider enforces `sent`. `tool`: the answer comes as the arguments of a tool whose
    parameters are `sent`. `prompt`: the schema is only told in words, and `sent` is the caller's own."""

    mode: Mode
    sent: Mapping[str, Any]
    report: Report
    shape: Shape | None = None
    homes: Mapping[str, Shape | None] = field(default_factory=dict)
    valid: Valid = lambda _schema, _value: False

    @cached_property
    def _sent_checker(self) -> Checker:
        return compiled(self.sent)

    def is_answered_by(self, value: Any) -> bool:
        """Say whether a value has the shape that was asked for."""
        try:
            return self._sent_checker.is_valid(value)
        except (TooMuchWork, Uncheckable):
            return False

    def back(self, value: Any) -> Any:
        """Return what the model wrote in the caller's shape; what already has it stays as it is."""
        return Way(homes=self.homes, valid=self.valid).of(self.shape, value)

    def partly_back(self, value: Any, depth: int) -> tuple[Any, bool]:
        """Return what is certain of a value that still grows, in the caller's shape, and whether the last
        member of that still grows; `depth` is how many levels of last members do."""
        mapped = partly(self.shape, value, depth, Way(homes=self.homes, valid=self.valid))
        is_wrapped = isinstance(self.shape, Wrapped) and isinstance(value, dict)
        return (None, True) if mapped is HELD else (mapped, depth > (2 if is_wrapped else 1))


def plan(schema: Mapping[str, Any], model: str) -> Plan:
    """Return the plan for a schema that was taken (`raw_schema.taken`) and `provider:model`."""
    return plan_of(written(schema), model)


def plan_of(text: str, model: str) -> Plan:
    """Return the same for a schema that was `written`, which is found again without reading it."""
    provider, _ = catalog.split(model)
    return _plan(text, provider, catalog.card(model))


def written(schema: Mapping[str, Any]) -> str:
    """Return the schema as text."""
    return json.dumps(schema, ensure_ascii=False)


def is_small(model: str) -> bool:
    """True for a model that needs bounds to come to an end."""
    return catalog.card(model).context_tokens <= SMALL_CONTEXT


def _made(text: str, provider: str, card: Card) -> Plan:
    schema = json.loads(text)
    findings = Findings(schema)
    try:
        settled = settle(schema)
        if card.json_schema:
            return _native(settled, provider, findings, small=card.context_tokens <= SMALL_CONTEXT)
        why = Inexpressible((), "This model takes no schema for its answers.")
    except Inexpressible as found:
        why = found
        settled = None
    except (KeyError, IndexError, ValueError, RecursionError):
        why = Inexpressible((), "Its references cannot be followed.")
        settled = None
    return _otherwise(schema, why, provider, card)


_plan = Kept(_made, most=512)


def _native(settled: Settled, provider: str, findings: Findings, *, small: bool) -> Plan:
    if provider not in STRICT:
        sent = loose(settled, findings, small=small)
        return Plan(mode="native", sent=sent, report=findings.report())
    checker = compiled(settled.document)

    def valid(part: Any, value: Any) -> bool:
        try:
            return checker.part(part)(value)
        except (TooMuchWork, Uncheckable):
            return False

    done = strict(settled, STRICT[provider], findings, valid)
    return Plan(
        mode="native",
        sent=done.sent,
        report=findings.report(),
        shape=done.shape,
        homes=done.homes,
        valid=valid,
    )


def _otherwise(schema: Mapping[str, Any], why: Inexpressible, provider: str, card: Card) -> Plan:
    report = replace(_all_checked(schema), impossible=((why.pointer, why.says),))
    if not (card.tools and card.forced_tool_choice and provider in STRICT):
        return Plan(mode="prompt", sent=schema, report=report)
    if schema.get("type") == "object":
        sent = {word: value for word, value in schema.items() if word not in {"$schema", "$id"}}
        return Plan(mode="tool", sent=sent, report=report)
    try:
        inner = settle(schema).document
    except (Inexpressible, KeyError, IndexError, ValueError, RecursionError):
        return Plan(mode="prompt", sent=schema, report=report)
    homes = {"$defs": inner.pop("$defs")} if "$defs" in inner else {}
    sent = {"type": "object", "properties": {VALUE: inner}, "required": [VALUE], **homes}
    return Plan(mode="tool", sent=sent, report=report, shape=Wrapped())


def _all_checked(schema: Mapping[str, Any]) -> Report:
    findings = Findings(schema)
    draft = draft_of(schema)
    for path, part in walk(schema, draft):
        now = upgraded(part, draft)
        findings.note(path, now, now.keys() - REFERENCES, kept=frozenset())
    return findings.report()

"""A draft as it would be sent: filled with its samples, with what is amiss marked, and what it might cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from llm import amounts, catalog, estimate, pricing
from llm.types import Message, Usage
from prompts import markers, tags, uses
from prompts.content import Content
from prompts.rendering import Variable, samples

type Kind = Literal["text", "value", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message: the author's text, a sample, a variable without one, or an unknown one."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call takes: tokens to read, at most `longest` to answer, in dollars; None is unknown."""

    model: str
    tokens: int
    longest: int
    reading: Decimal | None
    answer: Decimal | None


def parts(text: str, variables: Mapping[str, Variable]) -> Iterator[Part]:
    """Yield how a text reads with the samples; sections that do not end are shown as they stand."""
    if tags.unbalanced(text):
        yield from (_written(piece) for piece in tags.read(text))
        return
    known = samples(variables.values())
    hidden = [False]
    for piece in tags.read(text):
        if isinstance(piece, tags.Tag) and piece.kind == tags.END:
            hidden.pop()
        elif isinstance(piece, tags.Tag) and piece.kind != tags.VALUE:
            given = bool(known.get(piece.name, "").strip())
            hidden.append(hidden[-1] or given != (piece.kind == tags.GIVEN))
        elif not hidden[-1]:
            yield _part(piece, variables, known)


def price(content: Content) -> Price:
    """Return what a call with the samples takes, by the first model that would be asked."""
    model = next(iter((*content.chain, *settings.PARLEY.model_chain)))
    known = {variable.name: variable for variable in content.variables}
    said = [
        Message(role=m.role, content="".join(part.text for part in parts(m.content, known)))
        for m in content.messages
    ]
    read = sum(map(estimate.message_tokens, said))
    longest = int(content.parameters.get("max_tokens") or catalog.card(model).default_max_tokens)
    return Price(
        model=model,
        tokens=read,
        longest=longest,
        reading=pricing.cost(model, Usage(input_tokens=read)),
        answer=pricing.cost(model, Usage(output_tokens=longest)),
    )


def notes(slug: str, content: Content) -> Iterator[str]:
    """Yield what is not wrong and still may not be meant."""
    asked = {name for message in content.messages for name in tags.names(message.content)}
    for variable in content.variables:
        if variable.name not in asked:
            yield _("“%(name)s” is declared, and no text uses it.") % {"name": variable.name}
        elif variable.required and not variable.sample:
            yield _("“%(name)s” has no sample, so the preview cannot show it.") % {"name": variable.name}
    yield from uses.mismatches(slug, content)


def as_json(slug: str, content: Content) -> dict[str, Any]:
    """Return the preview for the page."""
    known = {variable.name: variable for variable in content.variables}
    return {
        "messages": [
            {
                "role": message.role,
                "parts": [{"kind": each.kind, "text": each.text} for each in parts(message.content, known)],
            }
            for message in content.messages
        ],
        "notes": list(notes(slug, content)),
        "facts": facts(content),
    }


def facts(content: Content) -> list[str]:
    """Return in words how long the prompt is and what a call costs."""
    count, taken = len(content.messages), price(content)
    said = [_("1 message") if count == 1 else _("%(count)s messages") % {"count": count}]
    said.append(_("about %(tokens)s tokens") % {"tokens": f"{taken.tokens:,}"})
    if taken.reading is None or taken.answer is None:
        said.append(_("the price of %(model)s is unknown") % {"model": taken.model})
    elif not taken.answer:
        said.append(_("free"))
    else:
        said.append(_("about %(price)s a call") % {"price": amounts.dollars(taken.reading)})
        more = {"price": amounts.dollars(taken.answer), "tokens": f"{taken.longest:,}"}
        said.append(_("an answer of %(tokens)s tokens adds %(price)s") % more)
    return said


def _part(piece: str | tags.Tag, variables: Mapping[str, Variable], known: Mapping[str, str]) -> Part:
    if isinstance(piece, str):
        return Part("text", piece)
    if piece.name not in variables:
        return _written(piece)
    variable = variables[piece.name]
    if known[piece.name] or not variable.required:
        return Part("value", markers.defused(["", known[piece.name]]))
    return Part("missing", f"{{{{ {piece.name} }}}}")


def _written(piece: str | tags.Tag) -> Part:
    if isinstance(piece, str):
        return Part("text", piece)
    return Part("unknown", f"{{{{{piece.kind} {piece.name} }}}}")

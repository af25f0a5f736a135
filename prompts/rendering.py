"""Filling the tags of a prompt with declared text, in one pass and nothing else; see `tags.py`.

What a variable holds is never read as a template, so its braces and tags come out verbatim. Only what a
model's own chat format would read as an instruction marker is taken apart, see `markers.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm.types import Message
from prompts import markers, tags
from prompts.errors import (
    BrokenSection,
    Fault,
    MissingVariable,
    NotText,
    UndeclaredPlaceholder,
    UnknownVariable,
)

TYPES = ("string",)  # what is put into a text is a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A text that the caller gives; `default` stands in where it may be left out, `sample` in previews."""

    name: str
    type: str = "string"
    required: bool = True
    default: str | None = None
    sample: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the variable as it is stored and sent."""
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "default": self.default,
            "sample": self.sample,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Variable":
        """Return the variable that `as_json` gave."""
        return cls(
            name=stored["name"],
            type=stored.get("type", "string"),
            required=stored.get("required", True),
            default=stored.get("default"),
            sample=stored.get("sample", ""),
        )


def undeclared(text: str, variables: Iterable[Variable]) -> tuple[str, ...]:
    """Return the names that `text` asks for and nobody declared."""
    declared = {variable.name for variable in variables}
    return tuple(name for name in tags.names(text) if name not in declared)


def render(
    messages: Sequence[Message], variables: Sequence[Variable], values: Mapping[str, object]
) -> tuple[Message, ...]:
    """Fill the messages; raises a PromptError that names every variable at fault."""
    texts = _texts(variables, values)
    return tuple(
        message if tags.is_plain(message.content) else _filled(message, variables, texts)
        for message in messages
    )


def _filled(message: Message, variables: Sequence[Variable], texts: Mapping[str, str]) -> Message:
    if names := undeclared(message.content, variables):
        sentence = f"The prompt uses {_listed(names)} without declaring it."
        raise UndeclaredPlaceholder(sentence, names=names)
    if sentence := tags.unbalanced(message.content):
        raise BrokenSection(sentence)
    return replace(message, content=markers.defused(tags.filled(message.content, texts)))


def samples(variables: Iterable[Variable]) -> dict[str, str]:
    """Return a text for each variable to preview with."""
    return {variable.name: variable.sample or variable.default or "" for variable in variables}


def _texts(variables: Sequence[Variable], values: Mapping[str, object]) -> dict[str, str]:
    """Return the text of each variable, given or default."""
    declared = {variable.name: variable for variable in variables}
    if strange := [name for name, value in values.items() if not isinstance(value, str)]:
        sentence = f"Give {_listed(strange)} as text, between quotation marks."
        raise NotText(sentence, errors=_faults(strange, "Must be text."), names=strange)
    if unknown := [name for name in values if name not in declared]:
        sentence = f"This prompt has no variable {_listed(unknown)}. {_known(declared)}"
        raise UnknownVariable(
            sentence, errors=_faults(unknown, "The prompt has no such variable."), names=unknown
        )
    if missing := [v.name for v in variables if v.required and v.name not in values]:
        sentence = f"This prompt needs {_listed(missing)}. Give it as a variable."
        raise MissingVariable(sentence, errors=_faults(missing, "This variable is required."), names=missing)
    return {name: str(values.get(name, variable.default or "")) for name, variable in declared.items()}


def _known(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"It takes {listed}." if listed else "It takes none."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name[:64]}”" for name in names)


def _faults(names: Iterable[str], message: str) -> list[Fault]:
    return [{"pointer": f"/variables/{_escaped(name)}", "message": message} for name in names]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")  # RFC 6901

"""A prompt as a file: front matter, then the messages, each under a line such as `<!-- system -->`.

    ---
    slug: greeting
    title: Greeting
    variables:
      - {"name": "who", "required": true, "default": null, "sample": "Ada"}
    parameters: {"temperature": 0.7}
    cache_ttl: 3600
    ---

    <!-- system -->

    Greet {{ who }}.

Values in the front matter are plain text or JSON; what is as usual is left out. `dump` gives the same bytes
for the same prompt, and `parse` gives that prompt back. A line of text that looks like a marker gets a
backslash before it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError

from llm.types import Message
from prompts.content import FINISH, STOP, Content, read_json, tidy
from prompts.errors import InvalidPrompt
from prompts.rendering import Variable

STARTERS = Path(__file__).parent / "starters"
MARKER = re.compile(r"^<!-- (system|user|assistant) -->$", re.MULTILINE)
ESCAPED = re.compile(r"^\\(?=\\*<!-- (?:system|user|assistant) -->$)", re.MULTILINE)
ESCAPABLE = re.compile(r"^(?=\\*<!-- (?:system|user|assistant) -->$)", re.MULTILINE)
PLAIN = re.compile(r"[A-Za-z](?:[^\n\r:#]*[^\s:#])?")  # what YAML, too, reads as this very text


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """A prompt with one version's content."""

    slug: str
    title: str
    description: str = ""
    content: Content


class _Variable(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: StrictStr
    type: StrictStr = "string"
    required: StrictBool = True
    default: StrictStr | None = None
    sample: StrictStr = ""


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slug: StrictStr
    title: StrictStr
    description: StrictStr = ""
    model: StrictStr = ""
    variables: list[_Variable] = []
    parameters: dict[str, Any] = {}
    cache_ttl: int | None = None
    on_disconnect: StrictStr = FINISH
    on_stop: StrictStr = STOP
    output_schema: dict[str, Any] | None = None


def starters() -> list[PromptFile]:
    """Return the prompts that ship with the project."""
    return [parse(path.read_text("utf-8")) for path in sorted(STARTERS.glob("*.md"))]


def parse(text: str) -> PromptFile:
    """Read a file; raises InvalidPrompt."""
    _, head, body = _parts(text)
    try:
        fields = _Head.model_validate(_unique(_fields(head)))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InvalidPrompt(f"The front matter is wrong at “{where}”: {fault['msg']}.") from None
    content = Content(
        messages=tuple(_messages(body)),
        variables=tuple(Variable(**variable.model_dump()) for variable in fields.variables),
        model=fields.model,
        parameters=fields.parameters,
        cache_ttl=fields.cache_ttl,
        on_disconnect=fields.on_disconnect,
        on_stop=fields.on_stop,
        output_schema="" if fields.output_schema is None else _json(fields.output_schema),
    )
    return PromptFile(
        slug=fields.slug, title=fields.title, description=fields.description, content=content.tidied()
    )


def dump(file: PromptFile) -> str:
    """Write a file."""
    file = replace(file, content=file.content.tidied())
    said = file.content.messages
    messages = (f"<!-- {m.role} -->\n\n{ESCAPABLE.sub(_backslash, m.content)}\n" for m in said)
    return "\n".join(["---", *_head(file), "---", "", *messages])


def _head(file: PromptFile) -> Iterator[str]:
    """Yield the lines of the front matter; what is as usual is left out."""
    content = file.content
    yield f"slug: {_text(file.slug)}"
    yield f"title: {_text(file.title)}"
    if file.description:
        yield f"description: {_text(file.description)}"
    if content.model:
        yield f"model: {_text(content.model)}"
    if content.variables:
        yield from ("variables:", *(f"  - {_variable(variable)}" for variable in content.variables))
    if content.parameters:
        yield f"parameters: {_json(dict(sorted(content.parameters.items())))}"  # databases keep no order
    if content.cache_ttl is not None:
        yield f"cache_ttl: {content.cache_ttl}"
    if content.on_disconnect != FINISH:
        yield f"on_disconnect: {_text(content.on_disconnect)}"
    if content.on_stop != STOP:
        yield f"on_stop: {_text(content.on_stop)}"
    if content.output_schema:
        yield f"output_schema: {content.output_schema}"


def _parts(text: str) -> list[str]:
    parts = re.split(r"^---$\n?", tidy(text), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0]:
        raise InvalidPrompt("The file must start with front matter between two lines of ---.")
    return parts


def _unique(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields:
        if name in found:
            raise InvalidPrompt(f"The front matter has “{name}” twice. Keep one.")
        found[name] = value
    return found


def _fields(head: str) -> Iterator[tuple[str, Any]]:
    """Yield names and values; lines of `  - ` below a name are the items of its list."""
    lines = [line for line in head.split("\n") if line.strip()]
    while lines:
        name, colon, value = lines.pop(0).partition(":")
        if not colon or not name.isidentifier():
            raise InvalidPrompt(f"“{name[:64]}” in the front matter is not a line of name: value.")
        items = []
        while lines and lines[0].startswith("  - "):
            items.append(_value(lines.pop(0)[4:]))
        yield name, items or _value(value.strip())


def _value(text: str) -> Any:
    if not text.startswith(('"', "[", "{")):
        return text
    try:
        return read_json(text)
    except ValueError as error:
        raise InvalidPrompt(f"“{text[:64]}” in the front matter is not JSON: {error}.") from None


def _messages(body: str) -> Iterator[Message]:
    before, *pairs = MARKER.split(body)
    if before.strip():
        raise InvalidPrompt("Text stands before the first marker. Put <!-- system --> above it.")
    for role, text in zip(pairs[::2], pairs[1::2], strict=True):
        yield _message(role, ESCAPED.sub("", tidy(text)))


def _message(role: Any, text: str) -> Message:
    return replace(Message(role="user", content=text), role=role)


def _text(text: str) -> str:
    return text if PLAIN.fullmatch(text) else _json(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _variable(variable: Variable) -> str:
    return _json({name: value for name, value in variable.as_json().items() if name != "type"})


def _backslash(_: re.Match[str]) -> str:
    return "\\"

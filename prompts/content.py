"""What one version of a prompt says, and the rules that it must keep to be saved."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llm import catalog
from llm.errors import LLMError
from llm.extraction.raw_schema import validator_of
from llm.types import Message
from prompts.errors import Fault, InvalidPrompt
from prompts.leaks import secret_in
from prompts.rendering import TYPES, Variable, undeclared
from prompts.tags import NAME, unbalanced

ROLES = ("system", "user", "assistant")
MAX_LENGTH = 100_000  # characters of all messages
MAX_TOKENS = 1_000_000
MAX_TTL = 365 * 24 * 3600  # seconds
FINISH, STOP, DRAIN = "finish", "stop", "drain"
UNKEPT = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, UTF-8 no half of a character


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The text and its settings; equal contents need no second version.

    `model` is a chain in order of fallback, `provider:model,...`, or "" for the site's own. `parameters`
    may hold `temperature` and `max_tokens`. `cache_ttl` is in seconds, None for the site's, 0 for no cache.
    `on_disconnect` says what happens to an answer that nobody reads any more: "finish" or "stop".
    `on_stop` says what happens when a person stops an answer: "stop" closes the upstream, "drain" lets it
    end unseen, so that its usage is exact. `output_schema` is the text of a JSON Schema that answers should
    satisfy, or "": as text, since the order of properties is what a model follows.
    """

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    model: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    cache_ttl: int | None = None
    on_disconnect: str = FINISH
    on_stop: str = STOP
    output_schema: str = ""

    @property
    def chain(self) -> tuple[str, ...]:
        """The models of `model`, one by one."""
        return tuple(part.strip() for part in self.model.split(",") if part.strip())

    def tidied(self) -> "Content":
        """Return the content as it is kept, so that equal prompts are equal values.

        Browsers and files differ in line ends and blank edges; a default that is not given is no text.
        """
        return replace(
            self,
            messages=tuple(replace(m, content=tidy(m.content)) for m in self.messages),
            variables=tuple(v if v.required else replace(v, default=v.default or "") for v in self.variables),
            model=",".join(self.chain),
            parameters={name: _plain(value) for name, value in self.parameters.items()},
            output_schema=_one_line(self.output_schema),
        )

    def check(self) -> None:
        """Raise InvalidPrompt with every fault."""
        if faults := list(self.faults()):
            sentences = " ".join(dict.fromkeys(fault["message"] for fault in faults))
            raise InvalidPrompt(f"The prompt cannot be saved. {sentences}", errors=faults)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong, with pointers such as /messages/0/content and /variables/1/name."""
        yield from _message_faults(self.messages, self.variables)
        yield from _variable_faults(self.variables)
        yield from (_fault("/model", sentence) for sentence in map(_model_fault, self.chain) if sentence)
        yield from _parameter_faults(self.parameters)
        yield from _handling_faults(self)
        yield from _schema_faults(self.output_schema)
        yield from _secret_faults(self)


def tidy(text: str) -> str:
    """Return `text` with \\n line ends, without blank space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def read_json(text: str) -> Any:
    """Return the value of a JSON text; raises ValueError, also for NaN and nesting without end."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _one_line(text: str) -> str:
    """Return a JSON text in the one spelling that is kept; what is no JSON stays for `check` to tell."""
    try:
        return json.dumps(read_json(text), ensure_ascii=False)
    except ValueError:
        return text.strip()


def kept(text: str) -> bool:
    """True if every database can keep `text` as it is."""
    return not UNKEPT.search(text)


def _plain(value: float) -> float:
    """Return 1 for 1.0: forms give the one, files the other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fault(pointer: str, message: str) -> Fault:
    return {"pointer": pointer, "message": message}


def _message_faults(messages: Sequence[Message], variables: Sequence[Variable]) -> Iterator[Fault]:
    if not messages:
        yield _fault("/messages", "Write what the model should do.")
    if sum(len(message.content) for message in messages) > MAX_LENGTH:
        yield _fault("/messages", f"Keep the prompt under {MAX_LENGTH:,} characters.")
    for at, message in enumerate(messages):
        if message.role not in ROLES:
            yield _fault(f"/messages/{at}/role", "A role is system, user or assistant.")
        if message.role == "system" and at:
            yield _fault(f"/messages/{at}/role", "Only the first message can be the system text.")
        if not message.content.strip():
            yield _fault(f"/messages/{at}/content", "A message needs some text.")
        if not kept(message.content):
            yield _fault(f"/messages/{at}/content", "The text has a character that cannot be stored.")
        for name in undeclared(message.content, variables):
            yield _fault(
                f"/messages/{at}/content",
                f"{{{{ {name} }}}} is not a variable of this prompt. Add “{name}” to the variables, "
                "or take it out of the text.",
            )
        if sentence := unbalanced(message.content):
            yield _fault(f"/messages/{at}/content", sentence)


def _variable_faults(variables: Sequence[Variable]) -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    for at, variable in enumerate(variables):
        seen[variable.name] += 1
        if not NAME.fullmatch(variable.name):
            yield _fault(
                f"/variables/{at}/name",
                f"“{variable.name[:64]}” cannot be a name. Use letters, digits and _, "
                "and do not start with a digit.",
            )
        elif seen[variable.name] == 2:
            yield _fault(f"/variables/{at}/name", f"There are two variables “{variable.name}”. Keep one.")
        if variable.type not in TYPES:
            yield _fault(f"/variables/{at}/type", f"A variable's type is {' or '.join(TYPES)}.")
        if variable.required and variable.default is not None:
            yield _fault(
                f"/variables/{at}/default", f"“{variable.name}” is required, so it needs no default."
            )
        for part, text in (("default", variable.default or ""), ("sample", variable.sample)):
            if not kept(text):
                yield _fault(f"/variables/{at}/{part}", "The text has a character that cannot be stored.")


def _model_fault(name: str) -> str:
    """Return what is wrong with a model's name, or nothing."""
    try:
        catalog.resolve(name)
    except LLMError as error:
        return error.sentence
    return ""


def _parameter_faults(parameters: Mapping[str, float]) -> Iterator[Fault]:
    for name, value in parameters.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name == "temperature":
            if not (number and 0 <= value <= 2):
                yield _fault("/parameters/temperature", "A temperature is a number from 0 to 2.")
        elif name == "max_tokens":
            if not (number and isinstance(value, int) and 1 <= value <= MAX_TOKENS):
                yield _fault("/parameters/max_tokens", f"Give a whole number from 1 to {MAX_TOKENS:,}.")
        else:
            yield _fault(f"/parameters/{name}", "Only temperature and max_tokens can be set.")


def _handling_faults(content: Content) -> Iterator[Fault]:
    ttl = content.cache_ttl
    if ttl is not None and not (type(ttl) is int and 0 <= ttl <= MAX_TTL):
        yield _fault("/cache_ttl", f"Give a whole number of seconds from 0 to {MAX_TTL:,}, which is a year.")
    if content.on_disconnect not in (FINISH, STOP):
        yield _fault("/on_disconnect", "When nobody reads any more, an answer can finish or stop.")
    if content.on_stop not in (STOP, DRAIN):
        yield _fault("/on_stop", "When a person stops an answer, it can stop or drain.")


def _schema_faults(text: str) -> Iterator[Fault]:
    if text and (sentence := _schema_fault(text)):
        yield _fault("/output_schema", sentence)


def _secret_faults(content: Content) -> Iterator[Fault]:
    """Every reader of a version would have the secret, and a version is never deleted."""
    texts = [(f"/messages/{at}/content", message.content) for at, message in enumerate(content.messages)]
    for at, variable in enumerate(content.variables):
        texts += [
            (f"/variables/{at}/{part}", getattr(variable, part) or "") for part in ("default", "sample")
        ]
    for pointer, text in [*texts, ("/output_schema", content.output_schema)]:
        if secret := secret_in(text):
            yield _fault(
                pointer,
                f"This looks like {secret}. Take it out: a version is kept for ever and many can read it.",
            )


def _schema_fault(text: str) -> str:
    """Return what is wrong with the text of a JSON Schema, or nothing."""
    try:
        schema = read_json(text)
        if not isinstance(schema, dict):
            return "The schema of the answer must be a JSON object."
        validator_of(schema)
    except ValueError as error:
        return f"The schema of the answer is not JSON: {error}."
    except LLMError as error:
        return error.sentence
    return "" if kept(text) else "The schema of the answer has a character that cannot be stored."

"""What one version of a prompt says, and the rules that it must keep to be saved."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from llm import catalog
from llm.errors import LLMError
from llm.types import Message
from prompts.errors import Fault, InvalidPrompt
from prompts.rendering import NAME, Variable, undeclared

ROLES = ("system", "user", "assistant")
MAX_LENGTH = 100_000  # characters of all messages
MAX_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The text and its settings; equal contents need no second version.

    `model` is a chain in order of fallback, `provider:model,...`, or "" for the site's own. `parameters`
    may hold `temperature` and `max_tokens`.
    """

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    model: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)

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


def tidy(text: str) -> str:
    """Return `text` with \\n line ends, without blank space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


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
        for name in undeclared(message.content, variables):
            yield _fault(
                f"/messages/{at}/content",
                f"{{{{ {name} }}}} is not a variable of this prompt. Add “{name}” to the variables, "
                "or take it out of the text.",
            )


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
        if variable.required and variable.default is not None:
            yield _fault(
                f"/variables/{at}/default", f"“{variable.name}” is required, so it needs no default."
            )


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

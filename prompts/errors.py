"""What can go wrong with a prompt. Each error has a sentence for people and says which field it is about."""

from collections.abc import Sequence
from typing import ClassVar, TypedDict


class Fault(TypedDict):
    """One thing that is wrong: where (a JSON pointer) and what."""

    pointer: str
    message: str


class PromptError(Exception):
    """A prompt that cannot be used as asked; `names` are what the sentence is about."""

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 422

    def __init__(self, sentence: str, *, errors: Sequence[Fault] = (), names: Sequence[str] = ()) -> None:
        self.sentence = sentence
        self.errors = tuple(errors)
        self.names = tuple(names)
        super().__init__(sentence)


class UnknownPrompt(PromptError):
    """No prompt has this slug, or the prompt has no such label or version."""

    code, status = "not_found", 404


class MissingVariable(PromptError):
    """A required variable was not given."""


class UnknownVariable(PromptError):
    """A variable was given that the prompt does not declare."""


class NotText(PromptError):
    """A variable was given that is not text."""


class UndeclaredPlaceholder(PromptError):
    """The text has a placeholder that no declared variable fills."""


class BrokenSection(PromptError):
    """A section of the text does not end where it should."""


class InvalidPrompt(PromptError):
    """The content of a version cannot be saved."""


class LabelMoved(PromptError):
    """Somebody else moved the label first."""

    code, status = "conflict", 409


class NotAllowed(PromptError):
    """The person may not do this to the label."""

    code, status = "forbidden", 403


class ApprovalNeeded(NotAllowed):
    """The change waits for a second person: propose it."""


class Decided(PromptError):
    """Somebody has decided the proposal already."""

    code, status = "conflict", 409


class Immutable(PromptError):
    """History is append-only: a version or an audit row is never changed or deleted."""

    code, status = "conflict", 409

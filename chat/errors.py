"""What a person can do wrong in a conversation, in the codes of the API's problems."""

from django.utils.translation import gettext as _


class ChatError(Exception):
    """Something that a chat refuses; `sentence` is for people."""

    code = "invalid"
    status = 422
    pointer = ""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)

    @property
    def errors(self) -> list[dict[str, str]]:
        return [{"pointer": self.pointer, "message": self.sentence}] if self.pointer else []


class NotFound(ChatError):
    """Not there, or somebody else's: the difference is not told."""

    code, status = "not_found", 404


class EmptyText(ChatError):
    pointer = "/text"

    def __init__(self) -> None:
        super().__init__(_("Write something first: the message is empty."))


class TextTooLong(ChatError):
    code, status, pointer = "too_large", 413, "/text"

    def __init__(self, length: int, limit: int) -> None:
        says = _(
            "The message has %(length)s characters; at most %(limit)s fit. Shorten it or send it in parts."
        )
        super().__init__(says % {"length": f"{length:,}", "limit": f"{limit:,}"})


class Busy(ChatError):
    code, status = "conflict", 409

    def __init__(self) -> None:
        super().__init__(_("An answer is still being written here. Wait for it, or stop it first."))


class Restarting(ChatError):
    """This process is going down and begins nothing more."""

    code, status = "unavailable", 503
    retry_after = 2.0

    def __init__(self) -> None:
        super().__init__(_("Parley is restarting. Send it again in a few seconds; your text is kept."))


class FrameTooLarge(ChatError):
    code, status = "too_large", 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            _("This frame has more than %(limit)s bytes. Send it in parts.") % {"limit": f"{limit:,}"}
        )


class TooManyFrames(ChatError):
    code, status = "rate_limited", 429

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(_("You send faster than this chat can take. Wait a moment, then go on."))


class NothingToContinue(ChatError):
    code, status = "conflict", 409

    def __init__(self) -> None:
        super().__init__(_("There is no text to go on from here. Ask for a new answer instead."))


class BadEventId(ChatError):
    def __init__(self) -> None:
        super().__init__(_("Last-Event-ID is the number of the last event that you have, from 0 on."))

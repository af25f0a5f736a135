"""What a person can do wrong in a conversation, in the codes of the API's problems."""


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
        super().__init__("Write something first: the message is empty.")


class TextTooLong(ChatError):
    code, status, pointer = "too_large", 413, "/text"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"The message has {length:,} characters; at most {limit:,} fit. Shorten it or send it in parts."
        )


class Busy(ChatError):
    code, status = "conflict", 409

    def __init__(self) -> None:
        super().__init__("An answer is still being written here. Wait for it, or stop it first.")

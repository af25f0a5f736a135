"""What an endpoint refuses; config/problems.py turns each into a problem."""


class Fault(Exception):
    """A request that cannot be served; `errors` point into its body."""

    code, status = "invalid", 422

    def __init__(self, sentence: str, *, pointer: str | None = None) -> None:
        self.sentence = sentence
        self.errors = () if pointer is None else ({"pointer": pointer, "message": sentence},)
        super().__init__(sentence)


class NotFound(Fault):
    """Not there."""

    code, status = "not_found", 404


class Conflict(Fault):
    """It does not fit how things stand."""

    code, status = "conflict", 409


class TooLarge(Fault):
    """More than this endpoint takes."""

    code, status = "too_large", 413

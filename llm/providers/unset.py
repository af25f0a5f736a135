"""A provider that nobody set up: it says what to set."""

from llm.errors import NotSetUp
from llm.types import Emit, Reply, Request

NOT_RUNNING = (
    "The local model is not running. Start Parley with `manage.py start`,"
    " or set OPENAI_API_KEY, ANTHROPIC_API_KEY or PARLEY_LOCAL_URL."
)


class Unset:
    """Answers every call with NotSetUp, so that the next model of a chain is asked."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        """Raise NotSetUp."""
        raise NotSetUp(self.sentence)

    async def close(self) -> None:
        """Nothing is open."""

"""Every model call goes through here: `await llm.run(llm.Request(...))`."""

from llm.errors import LLMError
from llm.types import Delta, Message, Owner, PromptRef, Reply, Request, Schema, Tool, ToolCall, Usage, discard

__all__ = [
    "Delta",
    "LLMError",
    "Message",
    "Owner",
    "PromptRef",
    "Reply",
    "Request",
    "Schema",
    "Tool",
    "ToolCall",
    "Usage",
    "discard",
    "run",
]


def __getattr__(name: str) -> object:
    if name == "run":  # the client needs Django's settings, the values above do not
        from llm.client import run

        return run
    raise AttributeError(name)

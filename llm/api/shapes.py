"""Shapes that several endpoints share."""

from ninja import Schema
from pydantic import BaseModel, ConfigDict

from llm.types import Usage


class Payload(BaseModel):
    """A request's body: no unknown fields, and "3" is not 3."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UsageOut(Schema):
    """Tokens of a call; cached ones are part of the input, reasoning ones part of the output."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int


def usage(used: Usage) -> dict[str, int]:
    """Return tokens as the API shows them."""
    return {
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cached_tokens": used.cached_tokens,
        "reasoning_tokens": used.reasoning_tokens,
    }

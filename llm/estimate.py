"""Tokens of a text when no provider counted them: about four bytes each in most tokenizers."""

from dataclasses import replace

import msgspec

from llm.types import Message, Request, Usage

BYTES_A_TOKEN = 4
TOKENS_A_MESSAGE = 4  # the role and its marks


def tokens(text: str) -> int:
    """Estimate the tokens of `text`, rounded up."""
    return -(-len(text.encode(errors="replace")) // BYTES_A_TOKEN)


def message_tokens(message: Message) -> int:
    """Estimate the tokens of a message, its tool calls included."""
    calls = sum(tokens(call.name) + tokens(call.arguments) for call in message.tool_calls)
    return TOKENS_A_MESSAGE + tokens(message.content) + calls


def input_tokens(request: Request) -> int:
    """Estimate all that a model has to read: messages, tools and schema."""
    shapes = [tool.parameters for tool in request.tools] + (
        [request.schema.json_schema] if request.schema else []
    )
    told = sum(tokens(tool.name) + tokens(tool.description) for tool in request.tools)
    read = sum(len(msgspec.json.encode(shape)) for shape in shapes) // BYTES_A_TOKEN
    return sum(map(message_tokens, request.messages)) + told + read


def estimated_usage(request: Request, output: str, named: Usage | None) -> Usage:
    """Fill in what the provider did not name before the answer broke off."""
    usage = named or Usage(input_tokens=input_tokens(request))
    return replace(usage, output_tokens=max(usage.output_tokens, tokens(output)))

"""Tokens of a text when no provider counted them: about four bytes each in most tokenizers."""

from dataclasses import replace

from llm.types import Message, Request, Usage

BYTES_A_TOKEN = 4
TOKENS_A_MESSAGE = 4  # the role and its marks


def tokens(text: str) -> int:
    """Estimate the tokens of `text`, rounded up."""
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def message_tokens(message: Message) -> int:
    """Estimate the tokens of a message, its tool calls included."""
    return TOKENS_A_MESSAGE + tokens(message.content) + sum(tokens(c.arguments) for c in message.tool_calls)


def estimated_usage(request: Request, output: str, named: Usage | None) -> Usage:
    """Fill in what the provider did not name before the answer broke off."""
    usage = named or Usage(input_tokens=sum(map(message_tokens, request.messages)))
    return replace(usage, output_tokens=max(usage.output_tokens, tokens(output)))

"""Instruction markers that a variable's text must not become: they are taken apart by one space.

A server that runs an open model writes the messages into one text, with markers such as `<|im_start|>`
between them, and reads markers in a message as its own. So where a variable has a part in one, a space
goes behind its first character: `< |im_start|>` is plain text to every tokenizer and stays readable. (An
invisible character would be too, but whatever strips those later would put the marker together again.)
Markers that stand in the prompt itself are its author's and stay.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

MARKER = re.compile(
    r"<\|[^\s<>|]{1,64}\|>"  # ChatML, Llama 3, Phi, Command R, harmony
    r"|<\uff5c[^\s<>\uff5c]{1,64}\uff5c>"  # DeepSeek, with full-width bars
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|ARGS|THINK)\]"  # Llama 2, Mistral
    r"|<</?SYS>>"  # Llama 2
    r"|</?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|tool_call|tool_response)>",  # Llama 2, Gemma, Qwen
    re.IGNORECASE,
)


def defused(parts: Iterable[str]) -> str:
    """Join texts that are by turns the author's and a variable's, so that no variable is part of a marker."""
    pieces = list(parts)
    text = "".join(pieces)
    given = b"".join(bytes([at % 2]) * len(piece) for at, piece in enumerate(pieces))  # 1: by a variable
    found = [match.start() for match in _overlapping(text) if 1 in given[match.start() : match.end()]]
    cuts = [0, *(start + 1 for start in found), len(text)]
    return " ".join(text[start:end] for start, end in pairwise(cuts))


def _overlapping(text: str) -> Iterator[re.Match[str]]:
    """Yield the markers, also one that begins inside another."""
    at = 0
    while match := MARKER.search(text, at):
        yield match
        at = match.start() + 1

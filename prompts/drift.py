"""How two prompts differ, in words."""

import json
from collections.abc import Iterator
from itertools import takewhile

from prompts.content import Content
from prompts.files import PromptFile

SHOWN = 60  # characters of a long text that differs


def differences(file: PromptFile, kept: PromptFile) -> Iterator[str]:
    """Yield the beginning of a sentence for each part that differs, up to where `kept` is kept."""
    ours, theirs = dict(_parts(file)), dict(_parts(kept))
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name, ""), theirs.get(name, "")
        if one != other:
            start = _start(one, other)
            yield f"{name} is {_excerpt(one, start)} in the file and {_excerpt(other, start)}"


def _parts(file: PromptFile) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each part."""
    content = file.content.tidied()
    yield from (("title", file.title), ("description", file.description))
    for at, message in enumerate(content.messages, start=1):
        yield f"message {at}", f"{message.role}: {message.content}"
    yield from settings_of(content)


def settings_of(content: Content) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each part beside the messages; the content is tidy."""
    yield "the list of variables", ", ".join(variable.name for variable in content.variables)
    for variable in content.variables:
        yield f"“required” of variable {variable.name}", str(variable.required).lower()
        yield f"the default of variable {variable.name}", variable.default or ""
        yield f"the sample of variable {variable.name}", variable.sample
    yield "model", content.model
    for name, value in content.parameters.items():
        yield name, str(value)
    yield "cache_ttl", "" if content.cache_ttl is None else str(content.cache_ttl)
    yield from (("on_disconnect", content.on_disconnect), ("on_stop", content.on_stop))
    yield "output_schema", content.output_schema


def _start(one: str, other: str) -> int:
    """Return where to begin showing: a little before the place where long texts part."""
    if max(len(one), len(other)) <= SHOWN:
        return 0
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return max(0, len(list(same)) - SHOWN // 3)


def _excerpt(text: str, start: int) -> str:
    if not text:
        return "not set"
    end = start + SHOWN
    before, after = "…" * (start > 0), "…" * (len(text) > end)
    return json.dumps(f"{before}{text[start:end]}{after}", ensure_ascii=False)

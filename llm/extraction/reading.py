"""From a reply to checked data: the text, its JSON, the caller's shape, the contract."""

import json
from dataclasses import dataclass, replace

from llm.extraction.compiler import Plan
from llm.extraction.contracts import Checked, Contract, root_of
from llm.extraction.parsing import NotJSON, Parsed, parse
from llm.types import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An answer that was read: `text` as the model wrote it, and what was done to make sense of it."""

    checked: Checked
    text: str
    repairs: tuple[str, ...] = ()


def written(reply: Reply) -> str:
    """Return where the answer stands: the arguments of the tool that takes it, or else the text."""
    return reply.tool_calls[-1].arguments if reply.tool_calls else reply.text


def read(contract: Contract, reply: Reply) -> Read:
    """Parse and check an answer. One that was cut off is not read at all: half a value is a wrong value."""
    text = written(reply)
    if reply.finish == "length":
        return _wrong("The answer was cut off before its end.", text)
    way = contract.plan(reply.model)
    try:
        answer = parse(text, root=None if way.shape else root_of(contract))
    except NotJSON as error:
        return _wrong(str(error), text)
    return Read(
        checked=_checked(contract, way, answer, as_tool=bool(reply.tool_calls)),
        text=text,
        repairs=answer.repairs,
    )


def _checked(contract: Contract, way: Plan, answer: Parsed, *, as_tool: bool) -> Checked:
    """Take the model's shape, and an answer that is in the caller's own shape as it is.

    One that could be both is the model's if a provider enforced that shape and it is kept, else the caller's.
    """
    mapped = way.back(answer.value)
    if mapped == answer.value:
        return contract.check(answer)
    checked = contract.check(replace(answer, value=mapped, source=json.dumps(mapped, ensure_ascii=False)))
    as_it_is = contract.check(answer)
    if checked.faults or as_it_is.faults:
        return checked if as_it_is.faults else as_it_is
    was_asked = as_tool if way.mode == "tool" else way.is_answered_by(answer.value)
    return checked if was_asked else as_it_is


def _wrong(message: str, text: str) -> Read:
    return Read(checked=Checked(faults=({"pointer": "", "message": message},)), text=text)

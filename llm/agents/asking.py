"""The question to the model: the run so far as messages, with tools where the model has them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from llm import catalog
from llm.agents import plain
from llm.agents.state import Call, Note, State, Turn
from llm.agents.tool import AgentTool
from llm.agents.words import LAST, PROMPT, fenced
from llm.types import Message, Opaque, Owner, PromptRef, Reply, Request, ToolCall

FEATURE = "agent"
ANSWER_TOKENS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run is about. `model` is None for the site's chain, `history` what was said before the goal.

    `chain` names an own order of models; `temperature` and `answer_tokens` hold for each answer of theirs.
    Models without tool calls are too small for the history: they are told the goal alone.
    """

    goal: str
    instructions: str = ""
    history: Sequence[Message] = ()
    model: str | None = None
    chain: tuple[str, ...] = ()
    temperature: float | None = None
    answer_tokens: int | None = None
    prompt: PromptRef | None = None
    owner: Owner = field(default_factory=Owner)


def request(task: Task, state: State, tools: Mapping[str, AgentTool], *, final: bool) -> Request:
    """Return the next question; `final` forbids tools."""
    offered = [tool for tool in tools.values() if tool.name != "complete"]
    return Request(
        messages=tuple(_messages(task, state, final=final)),
        model=task.model,
        chain=task.chain,
        temperature=task.temperature,
        tools=tuple(tool.wire for tool in offered),
        tool_choice="none" if final and offered else None,
        max_tokens=task.answer_tokens,
        feature=FEATURE,
        owner=task.owner,
        prompt=task.prompt,
        fit=_fitted(task, state, offered, final=final),
    )


def read(reply: Reply) -> tuple[str, Sequence[ToolCall]]:
    """Return the text and the calls of an answer, from whichever kind of model it came."""
    if catalog.card(reply.model).tools:
        return reply.text, reply.tool_calls
    return plain.read(reply.text, cut_off=reply.finish == "length")


def _fitted(
    task: Task, state: State, tools: Sequence[AgentTool], *, final: bool
) -> Callable[[Request], Request]:
    def fit(request: Request) -> Request:
        if catalog.card(request.model or "").tools:
            return request
        told = plain.question(task.goal, task.instructions, state, tools, final=final)
        return replace(
            request,
            messages=told.messages,
            schema=told.schema,
            tools=(),
            tool_choice=None,
            temperature=0.0,
            max_tokens=plain.ANSWER_TOKENS,
        )

    return fit


def _messages(task: Task, state: State, *, final: bool) -> Iterator[Message]:
    yield Message(role="system", content=PROMPT)
    if task.instructions:
        yield Message(role="system", content=task.instructions)
    yield from task.history
    yield Message(role="user", content=task.goal)
    for entry in state.history:
        yield from _note(entry) if isinstance(entry, Note) else _turn(entry)
    if final:
        yield Message(role="user", content=LAST)


def _note(note: Note) -> Iterator[Message]:
    yield Message(role="user", content=f"A note from the program that runs you: {note.text}")


def _turn(turn: Turn) -> Iterator[Message]:
    calls = tuple(ToolCall(id=call.id, name=call.name, arguments=call.arguments) for call in turn.calls)
    opaque = Opaque(model=turn.model, data=turn.opaque) if turn.opaque else None
    yield Message(role="assistant", content=turn.text, tool_calls=calls, opaque=opaque)
    yield from (_observation(call) for call in turn.calls)


def _observation(call: Call) -> Message:
    return Message(role="tool", content=fenced(call.name, call.observation), tool_call_id=call.id)

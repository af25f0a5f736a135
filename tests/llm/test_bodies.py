import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.entry import Entry
from llm.models import Call, CallBody
from llm.models.bodies import MOST
from llm.types import Message, Reply, Request, Schema, Tool, ToolCall

ASKED = Request(
    messages=(
        Message(role="system", content="You are helpful."),
        Message(role="user", content="Write to ana@example.org, my password is hunter2!"),
    ),
    model="openai:gpt-5.6-luna",
    temperature=0.5,
    max_tokens=100,
    schema=Schema(
        name="contact", json_schema={"type": "object", "properties": {"token": {"type": "string"}}}
    ),
    tools=(Tool(name="search", description="Finds things.", parameters={"type": "object"}),),
    stop=("END",),
)
ANSWERED = Reply(
    text="I wrote to ana@example.org.",
    model="openai:gpt-5.6-luna",
    finish="stop",
    tool_calls=(ToolCall(id="call_1", name="search", arguments='{"api_key": "abc-def-ghi"}'),),
)


def body_of(request: Request = ASKED, reply: Reply = ANSWERED) -> CallBody:
    entry = Entry(request=request, reply=reply, outcome="ok", error="")
    call = Call.values_of(entry)
    body = CallBody(**CallBody.values_of(call, entry))
    body.call = Call(**call)
    return body


def written(body: CallBody) -> str:
    return json.dumps([body.request, body.reply], ensure_ascii=False, allow_nan=False)


def test_a_body_holds_what_was_asked_and_answered_without_what_is_secret() -> None:
    body = body_of()
    assert body.request == {
        "model": "openai:gpt-5.6-luna",
        "temperature": 0.5,
        "max_tokens": 100,
        "stop": ["END"],
        "tools": ["search"],
        "tool_choice": None,
        "messages": [
            {"role": "system", "content": "You are helpful."},
            {"role": "user", "content": "Write to [email], my password is [secret]"},
        ],
        "messages_left_out": 0,
        "schema": {
            "name": "contact",
            "json_schema": '{"type": "object", "properties": {"token": {"type": "string"}}}',
        },
    }
    assert body.reply == {
        "text": "I wrote to [email].",
        "tool_calls": [{"id": "call_1", "name": "search", "arguments": '{"api_key": "[secret]"}'}],
    }
    assert not body.cut


@pytest.mark.django_db
def test_a_body_is_stored_with_its_call() -> None:
    body = body_of()
    Call.objects.bulk_create([body.call])
    CallBody.objects.bulk_create([body])
    stored = CallBody.objects.get()
    assert (stored.request, stored.reply) == (body.request, body.reply)
    assert stored.call.body == stored
    assert stored.created_at == stored.call.created_at


def test_a_long_text_is_cut_and_says_so() -> None:
    body = body_of(reply=replace(ANSWERED, text="word " * 100_000, tool_calls=()))
    assert body.cut
    assert len(body.reply["text"]) < MOST + 100
    assert body.reply["text"].endswith("[cut, 500,000 characters in all]")


@given(st.integers(min_value=-80, max_value=80), st.integers(min_value=0, max_value=30_000))
@settings(max_examples=60, deadline=None)
def test_a_secret_at_the_cut_is_not_cut_in_two(place: int, mails: int) -> None:
    filler = "a@b.co " * (mails // 7)  # marks are shorter or longer than what they stand for
    key = "sk-ant-api03-" + "Zx8Qw2Er5T" * 8
    text = (filler + "x " * MOST)[: MOST + place] + " " + key + " y" * 100_000
    shown = written(body_of(reply=replace(ANSWERED, text=text)))
    assert "sk-ant" not in shown
    assert "Zx8Qw2Er5T" not in shown


def test_of_many_messages_the_instructions_and_the_newest_are_kept_in_their_order() -> None:
    talk = tuple(Message(role="user", content=f"{number} " + "word " * 1000) for number in range(40))
    body = body_of(replace(ASKED, messages=(ASKED.messages[0], *talk)))
    contents = [message["content"].split()[0] for message in body.request["messages"]]
    assert contents[0] == "You"
    assert contents[1:] == [str(number) for number in range(40 - len(contents) + 1, 40)]
    assert body.request["messages_left_out"] == 41 - len(contents)
    assert body.cut
    assert len(written(body)) < MOST * 1.2


def test_a_hundred_thousand_empty_messages_are_no_large_body() -> None:
    body = body_of(replace(ASKED, messages=(Message(role="user", content=""),) * 100_000))
    assert len(written(body)) < MOST
    assert body.request["messages_left_out"] > 90_000


@pytest.mark.django_db
def test_what_a_database_refuses_is_replaced() -> None:
    odd = "nul \x00, half a pair \ud83d"
    request = replace(
        ASKED,
        messages=(Message(role="user", content=odd),),
        temperature=float("nan"),
        schema=Schema(name=odd, json_schema={odd: [odd, float("inf"), {1}]}),
    )
    body = body_of(request, replace(ANSWERED, text=odd))
    Call.objects.bulk_create([body.call])
    CallBody.objects.bulk_create([body])
    stored = CallBody.objects.get()
    assert stored.reply["text"] == "nul \ufffd, half a pair ?"
    assert stored.request["messages"][0]["content"] == stored.reply["text"]
    assert stored.request["temperature"] is None

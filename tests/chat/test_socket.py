import asyncio
import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat.bucket import BURST
from chat.frames import MOST_BYTES
from chat.models import Conversation, Generation, GenerationEvent, Message
from chat.socket import is_own_origin
from chat.turns import LONGEST_TEXT
from llm.errors import Unavailable
from llm.models import ApiKey, Call
from llm.providers.scripted import say
from llm.types import Usage
from tests.chat.conftest import Tab, question, use_model, with_key

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_answer_streams_and_is_stored_with_its_figures(tab: Tab, talk: Conversation) -> None:
    use_model(say("Hi", " there", ".", usage=Usage(input_tokens=31, output_tokens=3)))
    asked = question()
    await tab.send(**asked)
    start = await tab.until("start")
    assert start["client_id"] == asked["id"]
    assert start["prompt_version"] == 1
    end = await tab.until("end")
    assert tab.text == "Hi there."
    assert (end["finish"], end["cost"], end["cached"]) == ("completed", "0", False)
    assert end["usage"] == {"input_tokens": 31, "output_tokens": 3, "cached_tokens": 0, "reasoning_tokens": 0}
    answer = await Message.objects.select_related("generation").aget(pk=start["message"])
    assert (answer.status, answer.content, answer.seq) == ("completed", "Hi there.", end["seq"])
    assert answer.generation.model == "local:smollm2"
    call = await Call.objects.aget()
    assert (call.feature, call.prompt, call.outcome) == ("chat", "assistant", "ok")
    log = [event.text async for event in GenerationEvent.objects.order_by("seq")]
    assert "".join(log) == "Hi there."


async def test_flushes_are_numbered_without_gaps(tab: Tab) -> None:
    use_model(say(*"abcdefgh"))
    await tab.send(**question())
    end = await tab.until("end")
    deltas = [frame for frame in tab.frames if frame["type"] == "delta"]
    assert [frame["from"] for frame in deltas] == [1, *(frame["to"] + 1 for frame in deltas[:-1])]
    assert deltas[-1]["to"] == end["seq"]


async def test_the_model_sees_the_prompt_and_the_conversation(tab: Tab) -> None:
    model = use_model("Hi.", "Yes.")
    await tab.send(**question("Hello"))
    await tab.until("end")
    await tab.send(**question("Really?"))
    await tab.until("end")
    roles = [message.role for message in model.requests[1].messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert model.requests[1].messages[-1].content == "Really?"
    assert "friendly" in model.requests[1].messages[0].content


async def test_a_send_with_an_id_already_seen_starts_nothing_twice(tab: Tab) -> None:
    model = use_model("Hi.")
    asked = question()
    await tab.send(**asked)
    await tab.until("end")
    await tab.send(**asked)
    await tab.send(type="resume", generation=uuid.uuid4(), after=0)
    await tab.until("error")
    assert len(model.requests) == 1
    assert await Message.objects.acount() == 2


async def test_stop_ends_the_answer_and_keeps_what_came(tab: Tab) -> None:
    use_model(say("One", " two", pause=0.2))
    await tab.send(**question())
    delta = await tab.until("delta")
    await tab.send(type="stop", generation=delta["generation"])
    end = await tab.until("end")
    assert (end["finish"], tab.text) == ("stopped", "One")
    assert (await Call.objects.aget()).outcome == "stopped"
    answer = await Message.objects.aget(role="assistant")
    assert (answer.status, answer.content) == ("stopped", "One")


async def test_stop_works_before_the_first_token(tab: Tab) -> None:
    use_model(say("never", pause=60))
    await tab.send(**question())
    start = await tab.until("start")
    await tab.send(type="stop", generation=start["generation"])
    end = await tab.until("end")
    assert (end["finish"], end["usage"]["output_tokens"]) == ("stopped", 0)


async def test_a_second_tab_resumes_and_both_have_the_same_text(tab: Tab, alice: User) -> None:
    gate = asyncio.Event()
    pauses = iter([asyncio.sleep(0), gate.wait()])
    use_model(say("a", "b", pause=1), sleep=lambda _: next(pauses))
    await tab.send(**question())
    await tab.until("delta")
    other = Tab(tab.conversation, await sync_to_async(with_key)(alice))
    state = await other.open()
    [live] = state["generations"]
    await other.send(type="resume", generation=live["generation"], after=0)
    gate.set()
    await tab.until("end")
    await other.until("end")
    assert tab.text == other.text == "ab"
    await other.close()


async def test_a_closed_tab_ends_nothing(tab: Tab, talk: Conversation, alice: User) -> None:
    use_model(say("All", " of", " it", pause=0.02))
    await tab.send(**question())
    start = await tab.until("start")
    await tab.close()
    again = Tab(talk.pk, await sync_to_async(with_key)(alice))
    await again.open()
    await again.send(type="resume", generation=start["generation"], after=0)
    end = await again.until("end")
    assert (end["finish"], again.text) == ("completed", "All of it")
    await again.close()


async def test_resume_of_an_ended_answer_sends_what_is_missing_and_its_end(tab: Tab) -> None:
    use_model("Hi there.")
    await tab.send(**question())
    end = await tab.until("end")
    tab.frames.clear()
    await tab.send(type="resume", generation=end["generation"], after=0)
    assert (await tab.until("end"))["seq"] == end["seq"]
    assert tab.text == "Hi there."


async def test_a_failed_answer_says_why_and_regenerate_tries_again(tab: Tab) -> None:
    use_model(Unavailable("No model can answer right now. Try again in a moment."))
    await tab.send(**question())
    start = await tab.until("start")
    assert (await tab.until("end"))["finish"] == "error"
    generation = await Generation.objects.aget(pk=start["generation"])
    assert (generation.error_code, generation.error_text) == (
        "unavailable",
        "No model can answer right now. Try again in a moment.",
    )
    use_model("Now.")
    tab.frames.clear()
    await tab.send(type="regenerate", message=start["message"])
    again = await tab.until("start")
    await tab.until("end")
    assert (tab.text, again["parent"]) == ("Now.", start["parent"])


async def test_edit_asks_another_question_beside_the_first(tab: Tab) -> None:
    model = use_model("One.", "Two.")
    await tab.send(**question("First"))
    start = await tab.until("start")
    await tab.until("end")
    await tab.send(type="edit", message=start["parent"], text="Second")
    await tab.until("end")
    assert [message.content for message in model.requests[1].messages[1:]] == ["Second"]
    questions = Message.objects.filter(role="user").order_by("id")
    assert [message.parent_id async for message in questions] == [None, None]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", "bad_frame"),
        ('{"type": "dance"}', "bad_frame"),
        ('{"type": "send", "id": "x", "text": "Hi"}', "bad_frame"),
        ("[]", "bad_frame"),
        (json.dumps(question("")), "invalid"),
        (json.dumps(question("  \n ")), "invalid"),
        (json.dumps(question("x" * (LONGEST_TEXT + 1))), "too_large"),
        (json.dumps(question("x" * 1_000_000)), "too_large"),
        (json.dumps(question() | {"prompt": "no-such-prompt"}), "not_found"),
        (json.dumps(question() | {"model": "no-such-model"}), "invalid"),
        (json.dumps(question() | {"parent": str(uuid.uuid4())}), "not_found"),
        (json.dumps({"type": "stop", "generation": str(uuid.uuid4())}), "not_found"),
        (json.dumps({"type": "resume", "generation": str(uuid.uuid4())}), "not_found"),
        (json.dumps({"type": "resume", "generation": str(uuid.uuid4()), "after": -1}), "bad_frame"),
        (json.dumps({"type": "regenerate", "message": str(uuid.uuid4())}), "not_found"),
        (json.dumps({"type": "edit", "message": str(uuid.uuid4()), "text": "Hi"}), "not_found"),
    ],
)
async def test_bad_input_gets_an_error_and_the_socket_lives_and_nothing_is_stored(
    tab: Tab, frame: str, code: str
) -> None:
    await tab.socket.send_to(text_data=frame)
    error = await tab.next()
    assert (error["type"], error["code"]) == ("error", code)
    assert error["text"].endswith(".")
    assert not await Message.objects.aexists()
    use_model("Still here.")
    await tab.send(**question())
    await tab.until("end")
    assert tab.text == "Still here."


async def test_a_frame_that_is_too_large_gets_an_error_and_the_socket_lives(tab: Tab) -> None:
    await tab.socket.send_to(text_data=json.dumps(question("x" * MOST_BYTES)))
    assert (await tab.next())["code"] == "too_large"
    use_model("Still here.")
    await tab.send(**question())
    await tab.until("end")


async def test_frames_in_too_quick_a_succession_are_refused_by_name_and_with_a_wait(tab: Tab) -> None:
    asked = [question("") for _ in range(int(BURST) + 200)]
    for one in asked:
        await tab.send(**one)
    errors = [await tab.next() for _ in asked]
    assert [error["client_id"] for error in errors] == [one["id"] for one in asked]
    assert {error["code"] for error in errors[: int(BURST)]} == {"invalid"}
    refused = [error for error in errors if error["code"] == "rate_limited"]
    assert refused
    assert all(0 < error["retry_after"] <= 1 for error in refused)


async def test_a_question_while_an_answer_is_written_is_a_conflict(tab: Tab) -> None:
    use_model(say("Slow", pause=60))
    await tab.send(**question())
    await tab.until("start")
    second = question()
    await tab.send(**second)
    error = await tab.until("error")
    assert (error["code"], error["client_id"]) == ("conflict", second["id"])


async def test_without_a_key_or_session_the_socket_says_so_and_closes(talk: Conversation) -> None:
    stranger = Tab(talk.pk, [])
    assert (await stranger.open())["code"] == "unauthenticated"
    assert await stranger.closed_with() == 4401


async def test_a_revoked_key_opens_nothing(talk: Conversation, alice: User) -> None:
    headers = await sync_to_async(with_key)(alice)
    await sync_to_async(lambda: ApiKey.objects.get().revoke())()
    program = Tab(talk.pk, headers)
    assert (await program.open())["code"] == "unauthenticated"
    assert await program.closed_with() == 4401


@pytest.mark.parametrize("whose", ["bob's", "nobody's"])
async def test_another_persons_conversation_does_not_exist(talk: Conversation, bob: User, whose: str) -> None:
    other = Tab(talk.pk if whose == "bob's" else uuid.uuid4(), await sync_to_async(with_key)(bob))
    assert (await other.open())["code"] == "not_found"
    assert await other.closed_with() == 4403


@pytest.mark.parametrize(
    ("origin", "host", "secure", "own"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False, True),
        ("https://localhost", "localhost", True, True),
        ("http://localhost", "localhost", True, False),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False, False),
        ("http://127.0.0.1:99999", "127.0.0.1:8000", False, False),
        ("http://evil.example", "127.0.0.1:8000", False, False),
        ("http://evil.example", "evil.example", False, False),
        ("null", "127.0.0.1:8000", False, False),
        ("", "127.0.0.1:8000", False, False),
        ("http://[::1", "127.0.0.1:8000", False, False),
    ],
)
def test_only_our_own_pages_may_use_the_session(origin: str, host: str, secure: bool, own: bool) -> None:
    assert is_own_origin(origin, host, secure=secure) is own


async def test_a_turn_goes_by_the_id_that_the_browser_gave_it(tab: Tab) -> None:
    use_model("Hi.", "Hello.")
    asked = question()
    await tab.send(**asked)
    end = await tab.until("end")
    assert await Call.objects.values_list("correlation_id", flat=True).aget() == asked["id"]
    answer = await Generation.objects.aget(pk=end["generation"])
    await tab.send(type="regenerate", message=answer.message_id)
    await tab.until("end")
    first, second = [call async for call in Call.objects.order_by("id")]
    assert second.correlation_id not in ("", first.correlation_id)

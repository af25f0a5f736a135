"""What every provider makes of an answer that is an error, breaks off or is garbage."""

import pytest

from llm.errors import (
    LLMError,
    Misconfigured,
    Overloaded,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.llm.providers.conftest import KEY, Asked
from tests.wire import (
    Answer,
    WireServer,
    cut_after,
    error_event,
    raw,
    silent_eof,
    status,
)

FAULTS = [
    (status(400), Rejected, False, False),
    (status(401), Misconfigured, False, True),
    (status(402), Misconfigured, False, True),
    (status(403), Misconfigured, False, True),
    (status(404), Misconfigured, False, True),
    (status(408), Unavailable, True, True),
    (status(409), Unavailable, True, True),
    (status(413), Rejected, False, False),
    (status(422), Rejected, False, False),
    (status(429), RateLimited, True, True),
    (status(429, code="insufficient_quota"), Misconfigured, False, True),
    (status(429, code="enforced_spend_limit_reached"), Misconfigured, False, True),
    (status(400, message="Your credit balance is too low to access the API"), Misconfigured, False, True),
    (status(400, message="prompt is too long: 9 tokens > 8"), Rejected, False, False),
    (status(500), Unavailable, True, True),
    (status(502), Unavailable, True, True),
    (status(503), Overloaded, True, True),
    (status(529), Overloaded, True, True),
]


@pytest.mark.parametrize(("answer", "kind", "retryable", "elsewhere"), FAULTS)
async def test_knows_what_a_status_means(
    asked: Asked, wire: WireServer, answer: Answer, kind: type[LLMError], retryable: bool, elsewhere: bool
) -> None:
    wire.script(answer)
    with pytest.raises(LLMError) as caught:
        await asked.ask()
    error = caught.value
    assert (type(error), error.retryable, error.elsewhere) == (kind, retryable, elsewhere)
    assert answer.message in error.detail
    assert error.sentence.endswith(".")
    assert error.partial is None
    assert len(wire.requests) == 1  # the SDK's own retries are off


@pytest.mark.parametrize("code", [429, 503, 529])
async def test_passes_on_how_long_to_wait(asked: Asked, wire: WireServer, code: int) -> None:
    wire.script(status(code, retry_after=12))
    with pytest.raises(LLMError) as caught:
        await asked.ask()
    assert caught.value.retry_after == 12


async def test_never_shows_the_key_and_bounds_what_the_provider_says(asked: Asked, wire: WireServer) -> None:
    wire.script(status(401, message=f"Incorrect key: {KEY}. " + "x" * 10_000))
    with pytest.raises(Misconfigured) as caught:
        await asked.ask()
    told = str(caught.value)
    assert len(told) < 700
    if asked.name != "local":  # it has no key
        assert KEY not in told
        assert f"{asked.name.upper()}_API_KEY" in caught.value.sentence


@pytest.mark.parametrize("answer", [cut_after("par", "tial"), silent_eof("par", "tial")])
async def test_an_answer_that_breaks_off_keeps_what_came(
    asked: Asked, wire: WireServer, answer: Answer
) -> None:
    wire.script(answer)
    with pytest.raises(Unavailable, match="broke off") as caught:
        await asked.ask()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "partial"
    assert caught.value.partial.estimated
    assert caught.value.partial.usage.output_tokens == 2
    assert caught.value.partial.usage.input_tokens > 0


async def test_an_empty_body_is_no_answer(asked: Asked, wire: WireServer) -> None:
    wire.script(raw(b"<html>Welcome</html>", content_type="text/html"))
    with pytest.raises(Unavailable, match="text/html") as caught:
        await asked.ask()
    assert caught.value.partial is None


ERROR_EVENTS = [("overloaded_error", Overloaded), ("rate_limit_error", RateLimited), ("odd", Unavailable)]


@pytest.mark.parametrize(("error", "kind"), ERROR_EVENTS)
async def test_an_error_inside_the_stream_is_the_same_error(
    asked: Asked, wire: WireServer, error: str, kind: type[LLMError]
) -> None:
    wire.script(error_event(error, "par"))
    with pytest.raises(kind) as caught:
        await asked.ask()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "par"


@pytest.mark.parametrize(
    "body", [b"data: {nonsense\n\n", b'data: {"choices": 3, "delta": 4}\n\n', b"data: \xff\n\n"]
)
async def test_garbage_in_the_stream_is_an_error_of_ours(asked: Asked, wire: WireServer, body: bytes) -> None:
    wire.script(raw(body))
    with pytest.raises(Unavailable):
        await asked.ask()


async def test_an_event_without_end_is_not_swallowed(asked: Asked, wire: WireServer) -> None:
    wire.script(raw(b"data: " + b"x" * (2 << 20)))
    with pytest.raises(Unavailable, match="1048576 bytes"):
        await asked.ask()

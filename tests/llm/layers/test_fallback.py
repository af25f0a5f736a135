import pytest

from llm.errors import (
    LLMError,
    Misconfigured,
    Overloaded,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Unavailable,
)
from llm.layers.fallback import Fallback
from llm.types import Delta, Emit, PassedOver, Reply, Request, discard
from tests.llm.layers.fakes import Collected, Script, answer, ask

FIRST, SECOND = "anthropic:claude-haiku-5-5", "openai:gpt-5.6-luna"
fallback = Fallback((FIRST, SECOND))


async def test_the_first_model_answers_alone() -> None:
    script = Script([["Hi"]])
    reply = await fallback(ask(model=None), discard, script)
    assert (reply.model, reply.passed_over, script.calls) == (FIRST, (), 1)


@pytest.mark.parametrize("error", [Overloaded(), Unavailable(), RateLimited(), TimedOut(), Misconfigured()])
async def test_the_next_model_answers_for_one_that_cannot(error: LLMError) -> None:
    script = Script([error, ["Hi"]])
    reply = await fallback(ask(model=None), discard, script)
    assert reply.model == SECOND
    assert reply.passed_over == (PassedOver(model=FIRST, code=error.code, sentence=error.sentence),)


@pytest.mark.parametrize("error", [Refused(), Rejected()])
async def test_what_no_model_would_do_is_asked_of_one_only(error: LLMError) -> None:
    script = Script([error, ["Hi"]])
    with pytest.raises(type(error)):
        await fallback(ask(model=None), discard, script)
    assert script.calls == 1


async def test_nobody_else_goes_on_with_what_a_reader_has_begun_to_read() -> None:
    calls = []

    async def breaks_off(request: Request, emit: Emit) -> Reply:
        calls.append(request.model)
        await emit(Delta(text="Once upon"))
        raise Unavailable

    reader = Collected()
    with pytest.raises(Unavailable):
        await fallback(ask(model=None), reader, breaks_off)
    assert (calls, reader.text) == ([FIRST], "Once upon")


async def test_a_whole_reply_that_nobody_saw_in_part_may_come_from_another() -> None:
    async def first_breaks_off(request: Request, emit: Emit) -> Reply:
        await emit(Delta(text="Once upon"))
        if request.model == FIRST:
            raise Unavailable
        return answer("Once upon a time", model=request.model or "")

    reply = await fallback(ask(model=None), discard, first_breaks_off)
    assert (reply.model, reply.text) == (SECOND, "Once upon a time")


async def test_the_one_failure_is_told_as_it_is() -> None:
    with pytest.raises(RateLimited) as error:
        await Fallback((FIRST,))(ask(model=None), discard, Script([RateLimited(retry_after=7)]))
    assert error.value.retry_after == 7


async def test_of_several_failures_the_shortest_wait_is_told() -> None:
    part = answer("Half")
    script = Script([RateLimited(retry_after=30, partial=part), Overloaded(retry_after=4)])
    with pytest.raises(Unavailable) as error:
        await fallback(ask(model=None), discard, script)
    assert (error.value.retry_after, error.value.partial) == (4, part)
    assert "overloaded" in error.value.detail


async def test_a_model_that_is_asked_for_by_name_is_the_only_one() -> None:
    script = Script([Overloaded()])
    with pytest.raises(Overloaded):
        await fallback(ask(model=SECOND), discard, script)
    assert [request.model for request in script.requests] == [SECOND]


async def test_a_request_may_bring_its_own_order() -> None:
    script = Script([Overloaded(), ["Hi"]])
    await fallback(ask(model=None, chain=(SECOND, FIRST)), discard, script)
    assert [request.model for request in script.requests] == [SECOND, FIRST]


async def test_without_any_model_the_error_says_what_to_set() -> None:
    with pytest.raises(Misconfigured, match="Set PARLEY_MODELS"):
        await Fallback(())(ask(model=None), discard, Script([["Hi"]]))

from decimal import Decimal

import pytest

from llm import errors
from llm.errors import BadOutput, LLMError, RateLimited, Unavailable
from llm.flight_news import Failed, Gone, Landed, News, Part, Restart, gathered, pack, unpack
from llm.types import Delta, ToolCall, Usage
from tests.llm.layers.fakes import answer

CALL = ToolCall(id="call_1", name="search", arguments="{}")


@pytest.mark.parametrize(
    "news",
    [
        Part((Delta(text="a"), Delta(tool_call=CALL))),
        Restart(),
        Landed(answer("whole", cost=Decimal("0.000012"), usage=Usage(input_tokens=3), tool_calls=(CALL,))),
        Failed.of(RateLimited("Slow down.", detail="429", retry_after=2.5, partial=answer("half"))),
        Gone(),
    ],
    ids=lambda news: type(news).__name__,
)
def test_news_arrive_as_they_were_sent(news: News) -> None:
    assert unpack(pack(news)) == news


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LLMError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_arrives_as_the_error_that_it_is(kind: type[LLMError]) -> None:
    arrived = Failed.of(kind("What happened.", detail="why", retry_after=3)).error()
    assert type(arrived) is kind
    assert (arrived.sentence, arrived.detail, arrived.retry_after) == ("What happened.", "why", 3)


def test_an_error_that_another_process_may_not_know_arrives_as_what_it_is_a_kind_of() -> None:
    class Slower(RateLimited): ...

    assert type(Failed.of(Slower()).error()) is RateLimited


def test_the_faults_of_an_output_arrive_too() -> None:
    fault = {"path": "name", "message": "is missing"}
    arrived = Failed.of(BadOutput(errors=(fault,))).error()
    assert isinstance(arrived, BadOutput)
    assert arrived.errors == (fault,)


def test_a_fault_of_ours_says_nothing_of_itself() -> None:
    arrived = Failed.of(ZeroDivisionError("a secret")).error()
    assert type(arrived) is Unavailable
    assert "secret" not in str(arrived)


def test_pieces_of_text_that_follow_each_other_are_one() -> None:
    deltas = [Delta(text="a"), Delta(text="b"), Delta(tool_call=CALL), Delta(text="c")]
    assert gathered(deltas).deltas == (Delta(text="ab"), Delta(tool_call=CALL), Delta(text="c"))

"""The tests of orders.py."""

import pytest

import llm
from llm.errors import Unavailable
from llm.testing import assert_llm_calls, error, script, tool_call
from tests.samples.orders import answer


async def test_looks_the_order_up_and_streams_the_answer() -> None:
    heard: list[str] = []

    async def emit(delta: llm.Delta) -> None:
        heard.append(delta.text)

    looked_up = script(tool_call("order_status", number=12), "It left Oslo.")
    with looked_up as model, assert_llm_calls(2, feature="orders"):
        assert await answer("Where is order 12?", emit) == "It left Oslo."
    assert [text for text in heard if text] == ["It ", "left ", "Oslo."]
    assert model.requests[1].messages[-1].content == "It left Oslo this morning."


async def test_tells_the_model_what_is_wrong_with_a_call() -> None:
    with script(tool_call("order_status", order="twelve"), "Which order?") as model:
        assert await answer("Where is it?") == "Which order?"
    assert "Call order_status with a number." in model.requests[1].messages[-1].content


async def test_a_broken_answer_is_an_error_with_a_sentence() -> None:
    with script(error(Unavailable, after="It left")), pytest.raises(llm.LLMError) as caught:
        await answer("Where is order 12?")
    assert caught.value.sentence.startswith("No model can answer right now.")

import json

from hypothesis import given
from hypothesis import strategies as st

from llm.extraction.contracts import ModelContract
from llm.extraction.parsing import parse
from llm.extraction.schemas import Sentiment

outside = st.one_of(
    st.floats(max_value=0, exclude_max=True, allow_nan=False, allow_infinity=False),
    st.floats(min_value=1, exclude_min=True, allow_nan=False, allow_infinity=False),
    st.integers(max_value=-1),
    st.integers(min_value=2),
)
CONTRACT = ModelContract.of(Sentiment)

inside = st.floats(min_value=0, max_value=1)


def said(confidence: float) -> str:
    return json.dumps({"sentiment": "positive", "confidence": confidence, "reasoning": "It says so."})


@given(outside)
def test_a_confidence_outside_0_to_1_is_always_refused(confidence: float) -> None:
    checked = CONTRACT.check(parse(said(confidence)))
    assert [fault["pointer"] for fault in checked.faults] == ["/confidence"]


@given(inside)
def test_a_confidence_within_0_to_1_never_is(confidence: float) -> None:
    checked = CONTRACT.check(parse(said(confidence)))
    assert checked.faults == ()

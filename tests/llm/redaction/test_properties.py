"""What holds for every text."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llm.redaction.redactor import Redactor
from tests.llm.redaction import made

KNOWN = "what-only-we-know/42"
redactor = Redactor([KNOWN])
many = settings(max_examples=300, deadline=None)


@many
@given(made.around(made.keys))
def test_no_key_gets_through(example: tuple[str, str]) -> None:
    key, text = example
    assert key not in redactor.text(text)


@many
@given(made.around(made.cards()))
def test_no_card_number_gets_through(example: tuple[str, str]) -> None:
    card, text = example
    assert card not in redactor.text(text)


@many
@given(made.around(made.ibans()))
def test_no_iban_gets_through(example: tuple[str, str]) -> None:
    iban, text = example
    assert iban not in redactor.text(text)


@many
@given(made.around(made.emails))
def test_no_email_address_gets_through(example: tuple[str, str]) -> None:
    email, text = example
    assert email not in redactor.text(text)


@many
@given(st.text(), st.text())
def test_no_secret_of_the_process_gets_through_whatever_surrounds_it(before: str, after: str) -> None:
    assert KNOWN not in redactor.text(before + KNOWN + after)


@many
@given(
    made.passwords,
    st.sampled_from(["password", "DB_PASSWORD", "api_key", "clientSecret", "X-Api-Key", "token"]),
)
def test_no_value_beside_its_name_gets_through(password: str, name: str) -> None:
    for text in (
        json.dumps({name: password, "n": 1}),
        json.dumps(json.dumps({name: password})),
        f"{name}='{password}'",
        f"x=1&{name}={password}&y=2",
    ):
        assert password not in redactor.text(text), text


@many
@given(made.messy)
def test_a_second_time_changes_nothing(text: str) -> None:
    once = redactor.text(text)
    assert redactor.text(once) == once


@many
@given(made.json_values)
def test_json_keeps_its_structure(value: Any) -> None:
    shown = redactor.json(value)
    assert shape(shown) == shape(value)
    assert redactor.json(shown) == shown


def shape(value: Any) -> Any:
    """The names, the lengths and the numbers; a number of a card may have become a mark."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return "text" if isinstance(value, str) else value


@many
@given(made.keys, st.sampled_from([None, 1, 2.5, True, "x", ["x"], {"a": "b"}]))
def test_json_hides_keys_wherever_they_are(key: str, other: Any) -> None:
    value = {"a": [key, {"b": f"see {key}."}], key: other, "c": (other, key)}
    assert key not in json.dumps(redactor.json(value))

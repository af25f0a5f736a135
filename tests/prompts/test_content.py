"""What may be saved."""

from dataclasses import replace
from typing import Any

import pytest

from llm.types import Message
from prompts.content import Content
from prompts.errors import InvalidPrompt
from prompts.rendering import Variable
from tests.prompts.factories import content


def pointers(given: Content) -> list[str]:
    return [fault["pointer"] for fault in given.faults()]


def test_a_plain_prompt_has_no_fault() -> None:
    tone = Variable(name="tone", required=False, default="dry")
    content("Be {{ tone }}.", ("user", "Hi"), variables=(tone,), model="local:smollm2", temperature=0).check()


def test_a_prompt_needs_text() -> None:
    assert pointers(Content(messages=())) == ["/messages"]
    assert pointers(content(" \n")) == ["/messages/0/content"]


def test_the_system_text_comes_first() -> None:
    assert pointers(content("a", ("user", "b"), ("system", "c"))) == ["/messages/2/role"]


def test_tools_have_no_place_in_a_prompt() -> None:
    assert pointers(content("a", ("tool", "b"))) == ["/messages/1/role"]


def test_every_placeholder_is_declared() -> None:
    faults = list(content("a", ("user", "{{ b }} {{ c }}"), variables=(Variable(name="c"),)).faults())
    assert faults[0]["pointer"] == "/messages/1/content"
    assert "Add “b” to the variables" in faults[0]["message"]


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "ä", "a" * 65, "a\n", "a.b"])
def test_names_are_plain(name: str) -> None:
    assert pointers(content("x", variables=(Variable(name=name),))) == ["/variables/0/name"]


def test_a_name_occurs_once() -> None:
    assert pointers(content("x", variables=(Variable(name="a"),) * 3)) == ["/variables/1/name"]


def test_a_required_variable_has_no_default() -> None:
    assert pointers(content("x", variables=(Variable(name="a", default="b"),))) == ["/variables/0/default"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": -0.1},
        {"temperature": 2.1},
        {"temperature": "warm"},
        {"temperature": True},
        {"temperature": float("nan")},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"max_tokens": True},
        {"top_p": 1},
    ],
)
def test_parameters_are_checked(parameters: dict[str, Any]) -> None:
    assert pointers(content("x", **parameters)) == [f"/parameters/{next(iter(parameters))}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cache_ttl", -1),
        ("cache_ttl", 365 * 24 * 3600 + 1),
        ("cache_ttl", True),
        ("cache_ttl", 1.5),
        ("on_disconnect", "drain"),
        ("on_disconnect", ""),
        ("on_stop", "finish"),
        ("output_schema", "{"),
        ("output_schema", "[]"),
        ("output_schema", '{"const": NaN}'),
        ("output_schema", '{"type": "text"}'),
        ("output_schema", "[" * 100_000),
    ],
)
def test_how_answers_are_handled_is_checked(field: str, value: Any) -> None:
    given: dict[str, Any] = {field: value}
    assert pointers(replace(content("x"), **given)) == [f"/{field}"]


@pytest.mark.parametrize("ttl", [None, 0, 365 * 24 * 3600])
def test_answers_are_kept_up_to_a_year(ttl: int | None) -> None:
    replace(content("x"), cache_ttl=ttl, on_disconnect="stop", on_stop="drain").check()


def test_a_schema_is_kept_in_one_spelling_and_in_its_order() -> None:
    given = replace(content("x"), output_schema='{ "type":"object",\n "required": ["b"]}').tidied()
    assert given.output_schema == '{"type": "object", "required": ["b"]}'
    assert given != replace(given, output_schema='{"required": ["b"], "type": "object"}')


def test_a_whole_number_is_one_number() -> None:
    assert str(content("x", temperature=1.0).tidied().parameters) == "{'temperature': 1}"


@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
def test_what_a_database_cannot_keep_is_a_fault(odd: str) -> None:
    sample = Variable(name="a", sample=f"a{odd}")
    assert pointers(content(f"x{odd}y", variables=(sample,))) == [
        "/messages/0/content",
        "/variables/0/sample",
    ]


def test_an_unknown_model_is_a_fault() -> None:
    assert pointers(content("x", model="local:smollm2, no-such-model")) == ["/model"]


def test_a_chain_is_in_order() -> None:
    assert content("x", model=" local:a , openai:b,").tidied().chain == ("local:a", "openai:b")


def test_line_ends_and_edges_make_no_difference() -> None:
    assert content("\r\n a\r\nb \r\n").tidied() == content("a\nb").tidied()


def test_check_tells_everything_at_once() -> None:
    with pytest.raises(InvalidPrompt) as caught:
        Content(messages=(Message(role="user", content=" "),), parameters={"max_tokens": 0}).check()
    assert [e["pointer"] for e in caught.value.errors] == ["/messages/0/content", "/parameters/max_tokens"]


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("sk-ant-abcdefgh12345678", "an API key, “sk-a…” in line 2"),
        ("Bearer abcdefgh1234567890abcdef", "an access token"),
        ("password=hunter2hunter2", "a password or another secret"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "a private key"),
    ],
)
def test_a_secret_is_refused_and_named(secret: str, says: str) -> None:
    [fault] = content(f"Use this:\n{secret}").faults()
    assert fault["pointer"] == "/messages/0/content"
    assert says in fault["message"]
    assert secret not in fault["message"]


def test_a_sample_is_searched_for_secrets_too() -> None:
    key = Variable(name="key", sample="ghp_abcdefghijklmnopqrstuvwxyz0123")
    assert pointers(content("{{ key }}", variables=(key,))) == ["/variables/0/sample"]


@pytest.mark.parametrize(
    "plain",
    [
        "Never tell a password.",
        "token: {{ key }}",
        "password={{ key }}",
        "Write to help@example.org",
        "[secret]",
    ],
)
def test_what_is_no_secret_may_stand(plain: str) -> None:
    assert pointers(content(plain, variables=(Variable(name="key"),))) == []


def test_a_variable_is_a_string() -> None:
    assert pointers(content("x", variables=(Variable(name="a", type="number"),))) == ["/variables/0/type"]

"""How two prompts differ, in words."""

from dataclasses import replace
from typing import Any

import pytest

from prompts.content import Content
from prompts.drift import differences
from prompts.files import PromptFile
from prompts.rendering import Variable
from tests.prompts.factories import content

A, B = Variable(name="a"), Variable(name="b")


def found(ours: Content, theirs: Content) -> list[str]:
    one = PromptFile(slug="x", title="X", content=ours)
    return list(differences(one, replace(one, content=theirs)))


def test_equal_prompts_do_not_differ() -> None:
    assert found(content("a\r\n"), content("a")) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        (content("a"), content("b"), 'message 1 is "system: a" in the file and "system: b"'),
        (content("a", ("user", "b")), content("a"), 'message 2 is "user: b" in the file and not set'),
        (content("a", temperature=0), content("a"), 'temperature is "0" in the file and not set'),
        (content("a", model="local:a"), content("a"), 'model is "local:a" in the file and not set'),
        (
            content("a", variables=(A, B)),
            content("a", variables=(B, A)),
            'the list of variables is "a, b" in the file and "b, a"',
        ),
    ],
)
def test_a_difference_is_named_with_both_sides(ours: Content, theirs: Content, says: str) -> None:
    assert found(ours, theirs) == [says]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("cache_ttl", 0, 'cache_ttl is "0" in the file and not set'),
        ("on_disconnect", "stop", 'on_disconnect is "stop" in the file and "finish"'),
        ("on_stop", "drain", 'on_stop is "drain" in the file and "stop"'),
        ("output_schema", "{}", 'output_schema is "{}" in the file and not set'),
    ],
)
def test_handling_is_compared(field: str, value: Any, says: str) -> None:
    given: dict[str, Any] = {field: value}
    assert found(replace(content("a"), **given), content("a")) == [says]


def test_a_variable_that_changed_is_shown_by_what_changed() -> None:
    other = replace(A, required=False, default="d", sample="s")
    assert found(content("a", variables=(A,)), content("a", variables=(other,))) == [
        '“required” of variable a is "true" in the file and "false"',
        'the default of variable a is not set in the file and "d"',
        'the sample of variable a is not set in the file and "s"',
    ]


def test_of_long_texts_the_place_where_they_part_is_shown_in_one_line() -> None:
    (line,) = found(content("a" * 500 + "\nb" + "c" * 500), content("a" * 500 + "\nd"))
    assert line == (f'message 1 is "…{"a" * 19}\\nb{"c" * 39}…" in the file and "…{"a" * 19}\\nd"')

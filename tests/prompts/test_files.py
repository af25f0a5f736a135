"""Prompts as files: the same bytes there and back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.extraction.schemas import of_code
from llm.types import Message
from prompts import files
from prompts.content import Content
from prompts.errors import InvalidPrompt
from prompts.files import PromptFile
from prompts.rendering import Variable
from tests.prompts.factories import content

texts = st.lists(
    st.text(max_size=20)
    | st.sampled_from(
        ["---", "<!-- user -->", "\\<!-- system -->", "\\\\<!-- user -->", "a: b", "\n", "\r\n"]
    ),
    max_size=6,
).map("\n".join)
variables = st.builds(
    Variable,
    name=st.sampled_from(["a", "b_1"]),
    required=st.just(False),  # so that a default is text
    default=st.text(max_size=5),
    sample=texts,
)
contents = st.builds(
    Content,
    messages=st.lists(
        st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=texts), max_size=4
    ).map(tuple),
    variables=st.lists(variables, max_size=3).map(tuple),
    model=st.sampled_from(["", "local:smollm2", "openai:a,local:b"]),
    parameters=st.sampled_from([{}, {"temperature": 0.5}, {"temperature": 0.0, "max_tokens": 5}]),
    cache_ttl=st.none() | st.integers(0, 10_000),
    on_disconnect=st.sampled_from(["finish", "stop"]),
    on_stop=st.sampled_from(["stop", "drain"]),
    output_schema=st.just("")
    | st.dictionaries(st.text(max_size=5), st.text() | st.floats(0, 9)).map(json.dumps),
)


@given(st.builds(PromptFile, slug=st.just("x"), title=texts, description=texts, content=contents))
def test_round_trip_gives_the_same_prompt_and_the_same_bytes(file: PromptFile) -> None:
    dumped = files.dump(file)
    read = files.parse(dumped)
    assert (read.title, read.description) == (file.title, file.description)
    assert read.content == file.content.tidied()
    assert files.dump(read) == dumped


def test_the_starters_are_as_dump_would_write_them() -> None:
    for path in files.STARTERS.glob("*.md"):
        starter = files.parse(path.read_text("utf-8"))
        assert starter.slug == path.stem
        assert files.dump(starter) == path.read_text("utf-8")
        starter.content.check()


def test_the_starters_of_schemas_carry_the_schema() -> None:
    starters = {starter.slug: starter for starter in files.starters()}
    for entry in of_code().values():
        written = starters[str(entry.prompt)].content.output_schema
        assert json.loads(written) == entry.contract.json_schema


def test_the_starters_are_those_that_the_project_calls() -> None:
    slugs = {starter.slug: starter for starter in files.starters()}
    assert set(slugs) == {"assistant", "title", *(f"extract-{name}" for name in of_code())}
    assert slugs["assistant"].content.variables == (
        Variable(name="tone", required=False, default="friendly", sample="friendly"),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must start with front matter"),
        ("slug: a\n", "must start with front matter"),
        ("---\nslug: a\n---\n", "wrong at “title”"),
        ("---\nslug: a\ntitle: b\nsluggish: c\n---\n", "wrong at “sluggish”"),
        ("---\nslug: a\ntitle: b\nvariables: [\n---\n", "is not JSON"),
        ('---\nslug: a\ntitle: b\nvariables:\n  - {"name": 1}\n---\n', "wrong at “variables.0.name”"),
        ("---\nslug: a\ntitle: b\ncache_ttl: a day\n---\n", "wrong at “cache_ttl”"),
        ("---\nslug: a\ntitle: b\non_stop: [1]\n---\n", "wrong at “on_stop”"),
        ('---\nslug: a\ntitle: b\noutput_schema: {"const": NaN}\n---\n', "NaN is not a number of JSON"),
        ("---\nslug: a\ntitle: b\nslug: c\n---\n", "has “slug” twice"),
        ("---\nslug: a\ntitle: b\nno colon here\n---\n", "is not a line of name: value"),
        ("---\nslug: a\ntitle: b\n---\nHello\n<!-- user -->\nHi\n", "before the first marker"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InvalidPrompt) as caught:
        files.parse(text)
    assert says in caught.value.sentence


def test_values_may_be_json_or_plain() -> None:
    read: Any = files.parse('---\nslug: a\ntitle: "b: c"\n---\n<!-- user -->\nHi\n')
    assert (read.title, read.content.messages[0].content) == ("b: c", "Hi")


def test_only_what_is_unusual_is_written() -> None:
    usual = PromptFile(slug="a", title="b", content=content("Hi"))
    assert files.dump(usual) == "---\nslug: a\ntitle: b\n---\n\n<!-- system -->\n\nHi\n"
    handling: dict[str, Any] = {"cache_ttl": 0, "on_disconnect": "stop", "on_stop": "drain"}
    other = replace(usual, content=replace(usual.content, **handling, output_schema='{"type":"object"}'))
    assert files.dump(other).splitlines()[3:7] == [
        "cache_ttl: 0",
        "on_disconnect: stop",
        "on_stop: drain",
        'output_schema: {"type": "object"}',
    ]

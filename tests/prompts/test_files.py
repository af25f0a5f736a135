"""Prompts as files: the same bytes there and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.types import Message
from prompts import files
from prompts.content import Content
from prompts.errors import InvalidPrompt
from prompts.files import PromptFile
from prompts.rendering import Variable

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
    parameters=st.sampled_from([{}, {"temperature": 0.5}, {"temperature": 0, "max_tokens": 5}]),
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


def test_the_starters_are_those_that_the_project_calls() -> None:
    slugs = {starter.slug: starter for starter in files.starters()}
    assert set(slugs) == {"assistant", "extract-contact", "extract-sentiment", "title"}
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

"""Prompts that go out as files, in and out again stay what they were, byte by byte."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.types import Message
from prompts import exchange
from prompts.content import Content
from prompts.models import Prompt, PromptMove
from prompts.rendering import Variable
from tests.prompts.factories import make_prompt

pytestmark = pytest.mark.django_db

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
texts = st.lists(
    words | st.sampled_from(["---", "<!-- user -->", "\\<!-- system -->", "{{ a }}", "a: b", "\r\n"]),
    max_size=5,
).map(lambda parts: "\n".join(["x", *parts]))
rest = st.builds(Message, role=st.sampled_from(["user", "assistant"]), content=texts)
contents = st.builds(
    Content,
    messages=st.tuples(st.builds(Message, role=st.just("system"), content=texts), rest)
    | st.lists(rest, min_size=1, max_size=3).map(tuple),
    variables=st.tuples(
        st.builds(Variable, name=st.just("a"), required=st.just(False), default=words, sample=words)
    ),
    model=st.sampled_from(["", "local:smollm2", "openai:a,local:b"]),
    parameters=st.sampled_from([{}, {"temperature": 0.5}, {"temperature": 0.0, "max_tokens": 5}]),
    cache_ttl=st.none() | st.integers(0, 10_000),
    on_disconnect=st.sampled_from(["finish", "stop"]),
    on_stop=st.sampled_from(["stop", "drain"]),
    output_schema=st.sampled_from(["", '{"type": "object", "properties": {"why": {}, "a": {"const": 1.0}}}']),
)


@contextmanager
def fresh_site() -> Iterator[Path]:
    """A folder and, for as long as it is there, a database without prompts: history cannot be deleted."""
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        yield Path(folder)
        transaction.set_rollback(True)


def exported(folder: Path) -> dict[str, bytes]:
    list(exchange.export(folder))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=50, deadline=None)
@given(said=contents, title=words.map("x".__add__), description=words)
def test_export_import_export_gives_the_same_bytes(said: Content, title: str, description: str) -> None:
    with fresh_site() as folder:
        prompt = make_prompt(said)
        Prompt.objects.filter(pk=prompt.pk).update(title=title, description=description)
        first = exported(folder)
    with fresh_site() as folder, tempfile.TemporaryDirectory() as other:
        for name, data in first.items():
            (folder / name).write_bytes(data)
        assert exchange.take_in(folder, publish=False)
        assert exported(Path(other)) == first
        assert list(exchange.export(folder)) == []
        assert exchange.take_in(folder, publish=False) == []
        assert not PromptMove.objects.exists()
        assert list(exchange.drift(folder)) == []

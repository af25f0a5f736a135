from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm.cachekey import cache_key
from llm.types import CachePolicy, Message, Owner, PromptRef, Request, Schema

texts = st.text(max_size=8)
requests = st.builds(
    Request,
    messages=st.lists(
        st.builds(Message, role=st.sampled_from(["user", "assistant"]), content=texts), min_size=1, max_size=3
    ).map(tuple),
    model=st.sampled_from(["openai:a", "openai:b"]),
    temperature=st.sampled_from([None, 0, 0.0, 1, 1.0, 0.5]),
    max_tokens=st.sampled_from([None, 1, 2]),
    schema=st.sampled_from(
        [None, Schema(name="s", json_schema={"a": 1}), Schema(name="s", json_schema={"a": [1]})]
    ),
    stop=st.lists(texts, max_size=2).map(tuple),
    owner=st.sampled_from([Owner(), Owner(user_id=1), Owner(user_id=2)]),
)


def what_is_asked(request: Request) -> tuple[Any, ...]:
    return (
        request.messages,
        request.model,
        request.temperature,
        request.max_tokens,
        repr(request.schema),
        request.stop,
        request.owner,
    )


@given(requests, requests)
def test_keys_are_equal_exactly_for_equal_requests(one: Request, other: Request) -> None:
    assert (cache_key(one) == cache_key(other)) == (what_is_asked(one) == what_is_asked(other))


@given(requests)
def test_what_the_model_never_sees_does_not_matter(request: Request) -> None:
    other = replace(
        request,
        feature="other",
        deadline=3.0,
        prompt=PromptRef(slug="x", version=2),
        cache=CachePolicy(ttl=5),
    )
    assert cache_key(request) == cache_key(other)


def test_a_shared_reply_has_one_key_for_everybody() -> None:
    ask = Request(messages=(Message(role="user", content="Hi"),), cache=CachePolicy(shared=True))
    assert cache_key(replace(ask, owner=Owner(user_id=1))) == cache_key(replace(ask, owner=Owner(user_id=2)))

"""A content that is tried, as a request to the pipeline: its models, parameters and schema, never cached."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import llm
from llm.types import CachePolicy
from prompts import rendering
from prompts.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is asked: a content, what fills it, what is said after it; `version` is None for a draft."""

    slug: str
    version: int | None
    content: Content
    variables: Mapping[str, str]
    turns: Sequence[llm.Message]


def request_of(trial: Trial, *, feature: str, owner: llm.Owner) -> llm.Request:
    """Return the request; raises PromptError for a content or variables that cannot be used."""
    content = trial.content
    content.check()
    said = rendering.render(content.messages, content.variables, trial.variables)
    limit: Any = content.parameters.get("max_tokens")
    return llm.Request(
        messages=(*said, *trial.turns),
        chain=content.chain,
        model=next(iter(content.chain), None),
        temperature=content.parameters.get("temperature"),
        max_tokens=limit,
        schema=_schema(trial),
        feature=feature,
        owner=owner,
        prompt=llm.PromptRef(slug=trial.slug, version=trial.version) if trial.version else None,
        cache=CachePolicy(ttl=0),  # who tries wants the model's answer, and its true times
    )


def _schema(trial: Trial) -> llm.Schema | None:
    text = trial.content.output_schema
    return llm.Schema(name=trial.slug, json_schema=json.loads(text)) if text else None

"""The test cases that come along with the starter prompts, a JSON file beside each prompt's."""

import json

from pydantic import BaseModel, ConfigDict, TypeAdapter

from prompts.files import STARTERS
from prompts.models import CaseCheck, Prompt, PromptCase


class StarterCheck(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: CaseCheck.Kind
    value: str


class StarterCase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    variables: dict[str, str]
    checks: list[StarterCheck]


CASES = TypeAdapter(list[StarterCase])


def cases_of(slug: str) -> list[StarterCase]:
    """Return the cases of a starter prompt, none if it has no file of them."""
    path = STARTERS / f"{slug}.json"
    return CASES.validate_python(json.loads(path.read_text("utf-8"))) if path.exists() else []


def add_cases(prompt: Prompt) -> None:
    """Store the cases of a starter prompt that was just made."""
    for given in cases_of(prompt.slug):
        case = PromptCase.objects.create(prompt=prompt, name=given.name, variables=given.variables)
        CaseCheck.objects.bulk_create(
            [CaseCheck(case=case, kind=check.kind, value=check.value) for check in given.checks]
        )

"""What the pages of a prompt show of it: its versions, what is live, what waits, how it reads, its cases."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from prompts import preview, publishing, trail
from prompts.cases.service import last_run
from prompts.content import Content
from prompts.models import PRODUCTION, Prompt, PromptCase, PromptLabel, PromptProposal, PromptVersion
from prompts.visitors import person

SHOWN_EVENTS = 12


def history(request: HttpRequest, prompt: Prompt) -> dict[str, Any]:
    """Return what stands beside the text: versions, what is live, what waits, and what the person may do."""
    versions = list(prompt.versions.select_related("author").defer("messages", "variables", "output_schema"))
    labels = list(prompt.labels.select_related("version", "canary"))
    label = next((each for each in labels if each.name == PRODUCTION), None)
    for version in versions:
        version.badges = _badges(version, labels)
    who = person(request)
    may_change = who.has_perm("prompts.change_prompt")
    return {
        "prompt": prompt,
        "versions": versions,
        "newest": versions[0] if versions else None,
        "label": label,
        "active": label.version if label else None,
        "canary": label.canary if label else None,
        "before": publishing.previous(prompt, PRODUCTION) or (label and label.canary),
        "next_number": versions[0].number + 1 if versions else 1,
        "trail": trail.events(prompt, SHOWN_EVENTS),
        "proposals": list(PromptProposal.objects.open().filter(prompt=prompt)),
        "may_change": may_change,
        "may_publish": publishing.may(who, PRODUCTION),
        "may_propose": publishing.asks_second() and may_change,
        "second": publishing.asks_second(),
    }


def _badges(version: PromptVersion, labels: Sequence[PromptLabel]) -> list[tuple[str, bool]]:
    """Return what points at a version, and whether people get it."""
    pointing = [(each.name, each.name == PRODUCTION) for each in labels if each.version_id == version.pk]
    share = [
        (_("canary %(weight)s %%") % {"weight": each.weight}, True)
        for each in labels
        if each.canary_id == version.pk
    ]
    return [*share, *pointing]


def reading(content: Content) -> dict[str, Any]:
    """Return a content and how it reads with its samples."""
    known = {variable.name: variable for variable in content.variables}
    shown = [(message.role, list(preview.parts(message.content, known))) for message in content.messages]
    return {"content": content, "preview": shown, "facts": preview.facts(content)}


def tried(version: PromptVersion | None) -> dict[str, Any]:
    """Return the last run over a version, and each enabled case with what it came to there, or None."""
    if version is None:
        return {"run": None, "cases": []}
    run = last_run(version)
    results = {result.case_id: result for result in run.results.all()} if run else {}
    cases = PromptCase.objects.filter(prompt=version.prompt_id, enabled=True)
    return {"run": run, "cases": [(case, results.get(case.pk)) for case in cases]}

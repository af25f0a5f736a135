"""What the editor asks while somebody writes: the preview of a draft, and answers to try it with."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

import llm
from llm.api.idempotent import idempotent_page
from prompts import playing, preview, rendering, wording
from prompts.content import Content
from prompts.errors import InvalidPrompt, PromptError
from prompts.forms import PromptForm
from prompts.models import Prompt, PromptCase, PromptVersion
from prompts.requests import Trial, request_of
from prompts.visitors import person

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

DRAFT = "draft"
MOST_SAID = 20_000  # characters of what is said to a draft


class EditorPages:
    """The addresses that the editor's script asks, for the admin of prompts."""

    def __init__(self, admin: ModelAdmin[Prompt]) -> None:
        self.admin = admin

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest, pk: int | None = None) -> JsonResponse:
        """Show how the form's content reads, what is wrong in it, and how it differs from a version."""
        prompt = self._prompt(request, pk)
        form = PromptForm(request.POST, instance=prompt)
        content = form.written()
        if content is None:
            return JsonResponse({"errors": form.faults_by_field()})
        shown = preview.as_json(prompt.slug if prompt else "", content)
        shown["errors"] = form.faults_by_field() if content.messages else {}
        shown["changes"] = self._changes(request, prompt, content)
        return JsonResponse(shown)

    @method_decorator([require_POST, idempotent_page])
    def play(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Stream what the draft of the form, or a version, answers."""
        prompt = self._prompt(request, pk)
        assert prompt is not None  # noqa: S101 `pk` is given
        try:
            owner = llm.Owner(user_id=person(request).pk)
            asked = request_of(_trial(request, prompt), feature=playing.FEATURE, owner=owner)
        except PromptError as error:
            return JsonResponse({"code": error.code, "text": error.sentence}, status=error.status)
        response = StreamingHttpResponse(playing.events(asked), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
        return response

    def _prompt(self, request: HttpRequest, pk: int | None) -> Prompt | None:
        """Return the prompt, or None for one that is being made; answers 403 to who may not write it."""
        prompt = get_object_or_404(Prompt, pk=pk) if pk else None
        allowed = (
            self.admin.has_change_permission(request, prompt)
            if prompt
            else self.admin.has_add_permission(request)
        )
        if not allowed:
            raise PermissionDenied
        return prompt

    def _changes(
        self, request: HttpRequest, prompt: Prompt | None, content: Content
    ) -> dict[str, Any] | None:
        against = _version(prompt, request.POST.get("against", "")) if prompt else None
        if against is None:
            return None
        changes = wording.compare(against.content, content)
        return {
            "any": changes.any,
            "messages": [
                {
                    "role": each.role,
                    "was": each.was,
                    "pieces": [[piece.kind, piece.text] for piece in each.pieces],
                }
                for each in changes.messages
            ],
            "settings": [astuple(each) for each in changes.settings],
        }


def _trial(request: HttpRequest, prompt: Prompt) -> Trial:
    """Read what is asked; raises InvalidPrompt."""
    side = request.POST.get("side", DRAFT)
    version = None if side == DRAFT else _version(prompt, side)
    content = _content(request, prompt, version)
    variables, turns = _input(request, prompt, content)
    return Trial(
        slug=prompt.slug,
        version=version.number if version else None,
        content=content,
        variables=variables,
        turns=turns,
    )


def _content(request: HttpRequest, prompt: Prompt, version: PromptVersion | None) -> Content:
    if version:
        return version.content
    if request.POST.get("side", DRAFT) != DRAFT:
        raise InvalidPrompt(_("There is no such version."))
    form = PromptForm(request.POST, instance=prompt)
    content = form.written()
    faults = [fault for faults in form.faults_by_field().values() for fault in faults]
    if content is None or faults:
        said = " ".join([_("The draft cannot be tried yet."), *faults[:1]])
        raise InvalidPrompt(said)
    return content.tidied()


def _input(
    request: HttpRequest, prompt: Prompt, content: Content
) -> tuple[dict[str, str], tuple[llm.Message, ...]]:
    """Return what fills the variables, and what is said after the prompt: of a case, or the samples."""
    known = rendering.samples(content.variables)
    chosen = request.POST.get("case", "")
    case = PromptCase.objects.filter(prompt=prompt, pk=int(chosen)).first() if chosen.isdecimal() else None
    if case is None:
        sample = {**known, **_draft_samples(request, prompt, known)}
        said = request.POST.get("said", "").strip()[:MOST_SAID]
        return sample, (llm.Message(role="user", content=said),) if said else ()
    given = {name: text for name, text in case.variables.items() if name in known}
    turns = tuple(llm.Message(role=turn["role"], content=turn["content"]) for turn in case.messages)
    return {**known, **given}, turns


def _draft_samples(request: HttpRequest, prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Both sides are asked with the samples of the draft, where they have the same variables."""
    draft = PromptForm(request.POST, instance=prompt).written()
    given = rendering.samples(draft.variables) if draft else {}
    return {name: text for name, text in given.items() if name in known and text}


def _version(prompt: Prompt, number: str) -> PromptVersion | None:
    if not number.isdecimal() or len(number) > 9:
        return None
    return prompt.versions.filter(number=int(number)).first()

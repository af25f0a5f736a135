"""The admin's pages about what is live: publish, roll back, decide a proposal, compare a canary.

They read a form, ask `approval` and say what came of it. Who may do it is decided there, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts import approval, figures, publishing, uses, wording
from prompts.cases.service import blocks_publishing
from prompts.comparison import compare
from prompts.errors import NotAllowed, PromptError
from prompts.models import PRODUCTION, Prompt, PromptLabel, PromptMove, PromptProposal, PromptVersion
from prompts.overview import history, reading, tried
from prompts.policy import own_page
from prompts.publishing import Change
from prompts.visitors import person

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

Kind = PromptMove.Kind


class LivePages:
    """The pages, for the admin of prompts."""

    def __init__(self, admin: ModelAdmin[Prompt]) -> None:
        self.admin = admin

    @method_decorator(require_safe)
    @method_decorator(own_page)
    def version(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Show one version: as it is, with its samples, and how it differs from another one."""
        version = version_of(pk, number)
        self._check_view(request, version.prompt)
        against = _against(request, version)
        return self._page(
            request,
            "version",
            version.prompt,
            title=_("Version %(number)s") % {"number": number},
            version=version,
            **reading(version.content),
            against=against,
            changes=wording.compare(against.content, version.content) if against else None,
            **tried(version),
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(own_page)
    def publish(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Show what publishing a version changes; do it, or propose it, when it is sent."""
        version = version_of(pk, number)
        self._check_view(request, version.prompt)
        if request.method == "POST":
            live = request.POST.get("to") in (PRODUCTION, Kind.CANARY)
            label = PRODUCTION if live else request.POST.get("label", PRODUCTION).strip()
            return self._change(request, version.prompt, label, version, (Kind.MOVE, Kind.CANARY))
        active = version.prompt.labelled()
        return self._page(
            request,
            "publish",
            version.prompt,
            title=_("Publish version %(number)s") % {"number": number},
            version=version,
            changes=wording.compare(active.content, version.content) if active else None,
            warnings=list(uses.mismatches(version.prompt.slug, version.content)),
            blocked=blocks_publishing(version),
            **tried(version),
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    @method_decorator(own_page)
    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the canary beside the version that it is tried against; promote or stop it."""
        prompt = get_object_or_404(Prompt, pk=pk)
        self._check_view(request, prompt)
        label = PromptLabel.objects.of(prompt.slug, PRODUCTION).first()
        if label is None or label.canary is None or label.canary_since is None:
            messages.info(request, _("No canary runs on “%(label)s”.") % {"label": PRODUCTION})
            return HttpResponseRedirect(form_page(prompt))
        if _number(request, "canary") not in (None, label.canary.number):
            messages.warning(request, _("Another canary runs by now. Look at its figures, then decide."))
            return HttpResponseRedirect(request.path)
        if request.method == "POST":
            goal = label.version if request.POST.get("kind") == Kind.STOP else label.canary
            return self._change(request, prompt, PRODUCTION, goal, (Kind.CANARY, Kind.PROMOTE, Kind.STOP))
        sides = compare(prompt.slug, [label.version.number, label.canary.number], label.canary_since)
        return self._page(
            request,
            "compare",
            prompt,
            title=_("Compare the canary"),
            sides=sides,
            rows=list(figures.rows(sides)),
            tells=list(figures.tells(*sides)),
        )

    @method_decorator(require_POST)
    def rollback(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo what went live last."""
        prompt = get_object_or_404(Prompt, pk=pk)
        self._check_view(request, prompt)
        return _told(
            request,
            prompt,
            lambda: publishing.rollback(
                prompt,
                PRODUCTION,
                who=person(request),
                why=request.POST.get("why", "").strip(),
                expected=_number(request, "expected"),
            ),
        )

    @method_decorator(require_POST)
    def decide(self, request: HttpRequest, pk: int, proposal: int) -> HttpResponse:
        """Approve or decline a proposal."""
        found = get_object_or_404(
            PromptProposal.objects.select_related("prompt", "who"), pk=proposal, prompt=pk
        )
        self._check_view(request, found.prompt)
        note = request.POST.get("note", "").strip()
        if request.POST.get("decision") == approval.Decision.APPROVED:
            return _told(
                request, found.prompt, lambda: approval.approve(found, who=person(request), note=note)
            )
        return _told(request, found.prompt, lambda: approval.decline(found, who=person(request), note=note))

    def _change(
        self, request: HttpRequest, prompt: Prompt, label: str, version: PromptVersion, kinds: Sequence[str]
    ) -> HttpResponse:
        kind = request.POST.get("kind") or _kind(request.POST.get("to", ""))
        if kind not in kinds:
            raise PermissionDenied
        change = Change(
            label=label,
            kind=kind,
            version=version,
            weight=_number(request, "weight") if kind == Kind.CANARY else None,
            why=request.POST.get("why", "").strip(),
            expected=_number(request, "expected") if label == PRODUCTION else None,
            expected_weight=_number(request, "expected_weight") if label == PRODUCTION else None,
        )
        return _told(request, prompt, lambda: approval.ask(prompt, change, who=person(request)))

    def _check_view(self, request: HttpRequest, prompt: Prompt) -> None:
        if not self.admin.has_view_or_change_permission(request, prompt):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, prompt: Prompt, **more: Any) -> HttpResponse:
        context = {
            **self.admin.admin_site.each_context(request),
            **history(request, prompt),
            "opts": self.admin.opts,
            "place": "prompts",
            **more,
        }
        return TemplateResponse(request, f"admin/prompts/prompt/{name}.html", context)


def version_of(pk: int, number: int) -> PromptVersion:
    """Return a version with its prompt and author, or answer 404."""
    found = PromptVersion.objects.select_related("prompt", "author")
    return get_object_or_404(found, prompt_id=pk, number=number)


def _against(request: HttpRequest, version: PromptVersion) -> PromptVersion | None:
    """Return the version to compare with: the chosen one, else production, else the one before."""
    others = version.prompt.versions.exclude(pk=version.pk)
    if (chosen := request.GET.get("against", "")).isdecimal() and len(chosen) < 10:
        return others.filter(number=int(chosen)).first()
    live = version.prompt.labelled()
    return live if live and live != version else others.filter(number__lt=version.number).first()


def form_page(prompt: Prompt) -> str:
    """Return the address of the prompt's form."""
    return reverse("admin:prompts_prompt_change", args=[prompt.pk])


def _told(request: HttpRequest, prompt: Prompt, act: Callable[[], Any]) -> HttpResponse:
    """Do it and say what it came to; who may not gets 403."""
    try:
        done = act()
    except NotAllowed as error:
        raise PermissionDenied(error.sentence) from error
    except PromptError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, _outcome(done))
    return HttpResponseRedirect(form_page(prompt))


def _outcome(done: Any) -> str:
    if isinstance(done, PromptProposal):
        return _("Proposed. It happens when another person who may publish approves it.")
    if not isinstance(done, PromptMove):
        return _("Done. What is live is as before.")
    number = done.to_version.number
    if done.kind == Kind.CANARY:
        said = _("Version %(number)s answers %(weight)s %% of the people now.")
        return said % {"number": number, "weight": done.weight}
    if done.label != PRODUCTION:
        return _("“%(label)s” is version %(number)s now.") % {"label": done.label, "number": number}
    return _("Version %(number)s is active. The next message uses it.") % {"number": number}


def _kind(to: str) -> str:
    return Kind.CANARY if to == Kind.CANARY else Kind.MOVE


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None

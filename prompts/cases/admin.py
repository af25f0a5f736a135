"""Test cases and their runs in the admin."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from llm.usage import visible_to
from prompts.cases import logged, service
from prompts.cases.forms import CaseForm
from prompts.errors import InvalidPrompt
from prompts.live_pages import version_of
from prompts.models import CaseCheck, CaseRun, PromptCase
from prompts.policy import own_page
from prompts.visitors import person

if TYPE_CHECKING:
    CaseModelAdmin = admin.ModelAdmin[PromptCase]
    RunModelAdmin = admin.ModelAdmin[CaseRun]
    CheckInline = admin.TabularInline[CaseCheck, PromptCase]
else:
    CaseModelAdmin = RunModelAdmin = admin.ModelAdmin
    CheckInline = admin.TabularInline

MAY_RUN = "prompts.change_prompt"


class WithThePrompt:
    """Cases and their checks belong to the prompt: who may look at it or change it may do so with them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("prompts.view_prompt") or request.user.has_perm(MAY_RUN)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY_RUN)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY_RUN)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY_RUN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class Checks(WithThePrompt, CheckInline):
    """A row a check: what kind, and the value that it compares with."""

    model = CaseCheck
    extra = 1


@admin.register(PromptCase)
class PromptCaseAdmin(WithThePrompt, CaseModelAdmin):
    """Test cases, each with its checks in rows."""

    form = CaseForm
    fields = ["prompt", "name", "variables", "messages", "enabled"]
    inlines = [Checks]
    list_display = ["name", "prompt", "enabled", "updated_at"]
    list_filter = ["prompt"]
    list_select_related = ["prompt"]
    search_fields = ["name", "prompt__slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: PromptCase | None = None) -> list[str]:
        return ["prompt"] if obj else []  # its variables are those of the prompt

    def get_urls(self) -> list[URLPattern]:
        of_call = self.admin_site.admin_view(require_POST(self.of_call))
        return [path("of-call/<uuid:pk>/", of_call, name="prompts_promptcase_of_call"), *super().get_urls()]

    def of_call(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Make a case of a call of the ledger, and open it."""
        _check_may(request)
        call = get_object_or_404(visible_to(request.user), pk=pk)
        try:
            case, whole = logged.case_of(call)
        except InvalidPrompt as error:
            messages.error(request, error.sentence)
            return HttpResponseRedirect(reverse("call", args=[pk]))
        messages.success(request, _("The test case is made. Say below what must be true of the answer."))
        if not whole:
            messages.warning(
                request,
                _("What the variables were could not be read from the call, so the samples stand in."),
            )
        return HttpResponseRedirect(reverse("admin:prompts_promptcase_change", args=[case.pk]))


@admin.register(CaseRun)
class CaseRunAdmin(RunModelAdmin):
    """Runs: nobody edits them; a run is started for a version and can be cancelled."""

    list_display = ["id", "version", "prompt", "status", "who", "created_at"]
    list_filter = ["status"]
    list_select_related = ["version__prompt", "who"]
    change_form_template = "admin/prompts/caserun/run.html"

    @admin.display(description="Prompt")
    def prompt(self, run: CaseRun) -> str:
        return run.version.prompt.slug

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CaseRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CaseRun | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: CaseRun | None = None) -> bool:
        return request.user.has_perm("prompts.view_prompt") or request.user.has_perm(MAY_RUN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path(
                "start/<int:pk>/<int:number>/",
                guarded(require_POST(self.start)),
                name="prompts_caserun_start",
            ),
            path("<int:pk>/cancel/", guarded(require_POST(self.cancel)), name="prompts_caserun_cancel"),
            path("<int:pk>/progress/", guarded(self.progress), name="prompts_caserun_progress"),
            *super().get_urls(),
        ]

    def start(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Run the cases over a version; the page of the run shows how far it is."""
        _check_may(request)
        version = version_of(pk, number)
        try:
            run = service.start(version, who=person(request))
        except InvalidPrompt as error:
            messages.error(request, error.sentence)
            return HttpResponseRedirect(
                reverse("admin:prompts_prompt_version", args=[version.prompt_id, number])
            )
        return HttpResponseRedirect(_page(run))

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a run; what has a result keeps it."""
        _check_may(request)
        run = get_object_or_404(CaseRun, pk=pk)
        if service.cancel(run):
            messages.success(request, _("The run is cancelled. The results so far are kept."))
        else:
            messages.info(request, _("The run had ended already."))
        return HttpResponseRedirect(_page(run))

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say in JSON how far a run is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(CaseRun.objects.tallied(), pk=pk)
        return JsonResponse(
            {"status": run.status, "done": run.done, "total": run.total, "failures": run.failures}
        )

    @method_decorator(own_page)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        runs = CaseRun.objects.tallied().select_related("version__prompt", "who")
        run = runs.filter(pk=object_id).first() if object_id.isdecimal() else None
        shown = {
            "run": run,
            "results": run.results.all() if run else (),
            "may_run": request.user.has_perm(MAY_RUN),
            "title": f"{run.version.prompt}, version {run.version.number}: test cases" if run else "",
            "subtitle": None,
            "place": "prompts",
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})


def _check_may(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_RUN):
        raise PermissionDenied


def _page(run: CaseRun) -> str:
    return reverse("admin:prompts_caserun_change", args=[run.pk])

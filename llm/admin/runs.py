"""Runs of agents in the admin: find one, watch it, replay what it did, stop it, answer what it asks."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from llm import amounts
from llm.admin.people import person
from llm.agents import journal, registry, service, watch
from llm.agents.replay import Shown, replayed
from llm.agents.state import State
from llm.api.faults import Conflict
from llm.models import AgentRun, AgentStep
from llm.usage.sums import visible_to

if TYPE_CHECKING:
    RunModelAdmin = admin.ModelAdmin[AgentRun]
else:
    RunModelAdmin = admin.ModelAdmin

MOST_PEOPLE = 20  # to choose from; the search finds the others
NOTE = 2000  # characters
COSTS = (  # name, words, which runs
    ("unknown", gettext_lazy("unknown"), Q(cost=None)),
    ("nothing", gettext_lazy("nothing"), Q(cost=0)),
    ("cent", gettext_lazy("less than a cent"), Q(cost__gt=0, cost__lt=Decimal("0.01"))),
    ("dollar", gettext_lazy("a cent to a dollar"), Q(cost__gte=Decimal("0.01"), cost__lt=1)),
    ("more", gettext_lazy("a dollar or more"), Q(cost__gte=1)),
)


class CostFilter(admin.SimpleListFilter):
    title = gettext_lazy("cost")
    parameter_name = "cost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, words, _rows in COSTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AgentRun]) -> QuerySet[AgentRun]:
        chosen = next((rows for name, _words, rows in COSTS if name == self.value()), Q())
        return queryset.filter(chosen)


class ToolFilter(admin.SimpleListFilter):
    """Runs in which a tool was called."""

    title = gettext_lazy("tool")
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, name) for name in registry.available()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AgentRun]) -> QuerySet[AgentRun]:
        if not self.value():
            return queryset
        calls = AgentStep.objects.filter(run=OuterRef("pk"), kind="tool", data__tool=self.value())
        return queryset.filter(Exists(calls))


class PersonFilter(admin.SimpleListFilter):
    """Those who had most done."""

    title = gettext_lazy("person")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = AgentRun.objects.order_by().values_list("user__username").annotate(runs=Count("pk"))
        known = people.exclude(user=None).order_by("-runs", "user__username")[:MOST_PEOPLE]
        return [(name, name) for name, _runs in known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AgentRun]) -> QuerySet[AgentRun]:
        return queryset.filter(user__username=self.value()) if self.value() else queryset


@admin.register(AgentRun)
class AgentRunAdmin(RunModelAdmin):
    """Everybody's runs, to read; who may change them stops them and answers what they ask."""

    list_display = ["goal_told", "status", "user", "iterations", "tokens", "paid", "took", "created_at"]
    list_filter = ["status", CostFilter, ToolFilter, PersonFilter, "created_at"]
    list_select_related = ["user"]
    list_per_page = 50
    search_fields = ["goal", "user__username"]
    show_full_result_count = False
    date_hierarchy = "created_at"

    @admin.display(description=gettext_lazy("Goal"))
    def goal_told(self, run: AgentRun) -> str:
        return str(run)

    @admin.display(description=gettext_lazy("Tokens"), ordering=F("input_tokens") + F("output_tokens"))
    def tokens(self, run: AgentRun) -> str:
        return f"{run.input_tokens + run.output_tokens:,}"

    @admin.display(description=gettext_lazy("Cost"), ordering="cost")
    def paid(self, run: AgentRun) -> str:
        return _paid(run)

    @admin.display(description=gettext_lazy("Time"), ordering=F("finished_at") - F("started_at"))
    def took(self, run: AgentRun) -> str:
        return _took(run)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AgentRun | None = None) -> bool:
        return False  # what happened does not change; see `_may_steer`

    def has_delete_permission(self, request: HttpRequest, obj: AgentRun | None = None) -> bool:
        return False  # `purge` removes what is old

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("<uuid:pk>/events/", guarded(self.events), name="llm_agentrun_events"),
            path("<uuid:pk>/cancel/", guarded(require_POST(self.cancel)), name="llm_agentrun_cancel"),
            path("<uuid:pk>/decide/", guarded(require_POST(self.decide)), name="llm_agentrun_decide"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Replay a run."""
        run = self._found(request, object_id)
        rows = AgentStep.objects.of(run.pk)
        steps = list(replayed(run, rows, registry.available()))
        shown = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(run),
            "run": run,
            "steps": steps,
            "calls": _calls(request, steps),
            "paid": _paid(run),
            "took": _took(run),
            "seq": rows[-1].seq if rows else 0,
            "waiting": _waiting(run, rows),
            "may_steer": _may_steer(request),
        }
        return TemplateResponse(request, "admin/llm/agentrun/run.html", shown)

    def events(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
        """Say in server-sent events that something happened to a run; the page tells what."""
        run = self._found(request, str(pk))
        after = request.GET.get("after", "")
        seen = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        response = StreamingHttpResponse(_news(run.pk, seen), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
        return response

    def cancel(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Stop a run; what it did stays."""
        run = self._steered(request, pk)
        if run.ended:
            messages.info(request, _("The run had ended already."))
        else:
            service.cancel(person(request), pk, of=AgentRun.objects.all())
            messages.success(request, _("The run is stopped. What it did until now is kept."))
        return HttpResponseRedirect(_page(run))

    def decide(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Let a call that waits go on, or not."""
        run = self._steered(request, pk)
        step, approved = request.POST.get("step", ""), request.POST.get("decision") == "approve"
        note = request.POST.get("note", "")[:NOTE]
        try:
            number = int(step) if step.isascii() and step.isdigit() and len(step) < 10 else 0
            service.approve(
                person(request), pk, number, approved=approved, note=note, of=AgentRun.objects.all()
            )
        except Conflict:
            messages.warning(request, _("Somebody has answered already, or the run was stopped."))
        else:
            said = _("The call is approved; the run goes on.") if approved else _("The call is declined.")
            messages.success(request, said)
        return HttpResponseRedirect(_page(run))

    def _steered(self, request: HttpRequest, pk: uuid.UUID) -> AgentRun:
        if not _may_steer(request):
            raise PermissionDenied
        return self._found(request, str(pk))

    def _found(self, request: HttpRequest, object_id: str) -> AgentRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if run := self.get_object(request, object_id):
            return run
        raise Http404


async def _news(run: uuid.UUID, after: int) -> AsyncIterator[bytes]:
    async for news in watch.follow(run, after):
        yield b": still here\n\n" if news is None else f"id: {news.seq}\ndata: {news.status}\n\n".encode()
    yield b"event: end\ndata:\n\n"


def _calls(request: HttpRequest, steps: list[Shown]) -> dict[str, str]:
    """Return where the ledger tells of each request that the person may see."""
    asked = [uuid.UUID(step.data["request_id"]) for step in steps if step.data.get("request_id")]
    rows = visible_to(person(request)).filter(request_id__in=asked).order_by("created_at")
    return {
        str(request_id): reverse("call", args=[pk]) for request_id, pk in rows.values_list("request_id", "pk")
    }


def _waiting(run: AgentRun, rows: Sequence[AgentStep]) -> set[int]:
    """Return the numbers of the calls that a person has to decide on."""
    if run.status != AgentRun.Status.AWAITING:
        return set()
    return {call.step for call in State(map(journal.record, rows), run.state_version).waiting}


def _may_steer(request: HttpRequest) -> bool:
    return person(request).has_perm("llm.change_agentrun")


def _paid(run: AgentRun) -> str:
    if run.cost is None:
        return _("unknown")
    return amounts.dollars(run.cost) if run.cost else _("nothing")


def _took(run: AgentRun) -> str:
    if run.started_at is None or run.finished_at is None:
        return amounts.NOTHING
    return amounts.seconds(round((run.finished_at - run.started_at).total_seconds() * 1000))


def _page(run: AgentRun) -> str:
    return reverse("admin:llm_agentrun_change", args=[run.pk])

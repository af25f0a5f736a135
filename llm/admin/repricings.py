"""Repricings in the admin: ask, see the difference, agree. None is deleted: each says what it corrected."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from llm.admin.people import person
from llm.amounts import dollars
from llm.models import Repricing
from llm.repricing import service, sums
from llm.repricing.forms import RepricingForm

if TYPE_CHECKING:
    RepricingModelAdmin = admin.ModelAdmin[Repricing]
else:
    RepricingModelAdmin = admin.ModelAdmin


@admin.register(Repricing)
class RepricingAdmin(RepricingModelAdmin):
    """What was priced anew, by whom, and what it changed."""

    list_display = ["name", "status", "difference", "asked_by", "agreed_by", "created_at"]
    list_filter = ["status"]
    list_select_related = ["asked_by", "agreed_by"]

    @admin.display(description=gettext_lazy("Calls"))
    def name(self, row: Repricing) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("Difference"))
    def difference(self, row: Repricing) -> str:
        return signed(sums.total(sums.loaded(row.done or row.found)))

    def has_change_permission(self, request: HttpRequest, obj: Repricing | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Repricing | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("<uuid:pk>/correct/", guarded(require_POST(self.correct)), name="llm_repricing_correct"),
            path("<uuid:pk>/drop/", guarded(require_POST(self.drop)), name="llm_repricing_drop"),
            path("<uuid:pk>/progress/", guarded(self.stands), name="llm_repricing_progress"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take a time and a model, and look through their calls."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RepricingForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            row = form.row
            row.asked_by = person(request)
            self.log_addition(request, service.look(row), [{"added": {}}])
            return HttpResponseRedirect(_page(row.pk))
        return self._response(request, "add", title=_("Price calls anew"), form=form)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far it is, and what it comes to."""
        row = self._found(request, object_id)
        found = sums.loaded(row.done if row.status == Repricing.Status.DONE else row.found)
        return self._response(
            request,
            "repricing",
            title=str(row),
            row=row,
            told=_told(row),
            models=[(model, one, signed(one)) for model, one in found.items()],
            whole=sums.total(found),
            difference=signed(sums.total(found)),
            may_run=self.has_add_permission(request),
        )

    def correct(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Correct the calls as they were shown."""
        row = self._run(request, pk)
        try:
            agreed = service.correct(pk, person(request))
        except service.PricesChanged:
            messages.warning(request, _("Prices have changed since. The calls are looked through again."))
        else:
            if agreed:
                said = f"Agreed to correct {row}: {signed(sums.total(sums.loaded(row.found)))}."
                self.log_change(request, row, said)
                messages.success(request, _("The calls are being corrected."))
            else:
                messages.info(request, _("There is nothing to agree to any more."))
        return HttpResponseRedirect(_page(pk))

    def drop(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Leave the calls as they are."""
        self._run(request, pk)
        if service.drop(pk):
            messages.success(request, _("The calls keep what they cost."))
        else:
            messages.info(request, _("Their correction had begun already."))
        return HttpResponseRedirect(_page(pk))

    def stands(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Say in JSON how far it is."""
        row = self._found(request, str(pk))
        status = row.get_status_display()
        # A page that looks begins anew when the status does: the second pass counts from the start.
        active = row.active and request.GET.get("status", row.status) == row.status
        return JsonResponse({"active": active, "status": status, "done": row.seen, "told": _told(row)})

    def _run(self, request: HttpRequest, pk: uuid.UUID) -> Repricing:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._found(request, str(pk))

    def _found(self, request: HttpRequest, object_id: str) -> Repricing:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if row := self.get_object(request, object_id):
            return row
        raise Http404

    def _response(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/llm/repricing/{name}.html", shown)


def signed(one: sums.Sum) -> str:
    """Return a difference with its sign: "+$1.20", "-$0.30", "$0"."""
    sign = "+" if one.difference > 0 else "-" if one.difference < 0 else ""
    return sign + dollars(abs(one.difference))


def _told(row: Repricing) -> str:
    if row.total is None:
        return _("The calls are being counted.")
    return _("%(done)s of %(total)s calls") % {"done": f"{row.seen:,}", "total": f"{row.total:,}"}


def _page(pk: uuid.UUID) -> str:
    return reverse("admin:llm_repricing_change", args=[pk])

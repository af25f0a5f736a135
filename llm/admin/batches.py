"""Batches in the admin: send a file, watch it, see what failed, stop it, fetch the results."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from llm.admin.people import person
from llm.amounts import dollars
from llm.batches import service
from llm.batches.forms import UploadForm
from llm.models import Batch, BatchItem
from llm.types import Owner

if TYPE_CHECKING:
    BatchModelAdmin = admin.ModelAdmin[Batch]
else:
    BatchModelAdmin = admin.ModelAdmin

MOST_FAILURES = 50  # that the page shows; the download has all


@admin.register(Batch)
class BatchAdmin(BatchModelAdmin):
    """Everybody's batches; nobody edits one."""

    list_display = ["name", "schema", "status", "progress", "user", "paid", "created_at"]
    list_filter = ["status", "schema"]
    list_select_related = ["user"]
    search_fields = ["title", "schema", "user__username"]
    show_full_result_count = False

    @admin.display(description=gettext_lazy("Batch"))
    def name(self, batch: Batch) -> str:
        return str(batch)

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, batch: Batch) -> str:
        return _told(batch)

    @admin.display(description=gettext_lazy("Cost"))
    def paid(self, batch: Batch) -> str:
        return _paid(batch)

    def has_change_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False  # `purge` removes what is old

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("<uuid:pk>/cancel/", guarded(require_POST(self.cancel)), name="llm_batch_cancel"),
            path("<uuid:pk>/retry/", guarded(require_POST(self.retry)), name="llm_batch_retry"),
            path("<uuid:pk>/progress/", guarded(self.stands), name="llm_batch_progress"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            batch = service.start(form.order, form.table.texts, Owner(user_id=person(request).pk))
            self.log_addition(request, batch, [{"added": {}}])
            return HttpResponseRedirect(_page(batch))
        return self._response(request, "add", title=_("New batch"), form=form)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far a batch is, and what failed."""
        batch = self._found(request, object_id)
        failures = batch.items.filter(status=BatchItem.Status.FAILED)[:MOST_FAILURES]
        samples = batch.items.filter(status=BatchItem.Status.DONE)[:5]
        return self._response(
            request,
            "batch",
            title=str(batch),
            batch=batch,
            told=_told(batch),
            paid=_paid(batch),
            failures=failures,
            samples=samples,
            may_run=self.has_add_permission(request),
        )

    def cancel(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Stop a batch; what is done stays."""
        batch = self._run(request, pk)
        if service.cancel(batch.pk):
            messages.success(request, _("The batch is cancelled. The results so far are kept."))
        else:
            messages.info(request, _("The batch had ended already."))
        return HttpResponseRedirect(_page(batch))

    def retry(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Queue again what failed or was cancelled."""
        batch = self._run(request, pk)
        count = service.retry(batch.pk)
        said = ngettext("%(count)s text is queued again.", "%(count)s texts are queued again.", count)
        messages.success(request, said % {"count": f"{count:,}"})
        return HttpResponseRedirect(_page(batch))

    def stands(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Say in JSON how far a batch is."""
        batch = self._found(request, str(pk))
        return JsonResponse(
            {
                "active": batch.active,
                "status": batch.get_status_display(),
                "done": batch.done,
                "told": _told(batch),
                "paid": _paid(batch),
            }
        )

    def _run(self, request: HttpRequest, pk: uuid.UUID) -> Batch:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._found(request, str(pk))

    def _found(self, request: HttpRequest, object_id: str) -> Batch:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows: QuerySet[Batch] = self.get_queryset(request).select_related("user", "key", "schema_version")
        if batch := self.get_object(request, object_id):
            return rows.get(pk=batch.pk)
        raise Http404

    def _response(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/llm/batch/{name}.html", shown)


def _told(batch: Batch) -> str:
    done = _("%(done)s of %(total)s done") % {"done": f"{batch.done:,}", "total": f"{batch.total:,}"}
    return f"{done}, {_('%(failed)s failed') % {'failed': f'{batch.failed:,}'}}" if batch.failed else done


def _paid(batch: Batch) -> str:
    if batch.cost is None:
        return _("unknown")
    return dollars(batch.cost) if batch.cost else _("nothing")


def _page(batch: Batch) -> str:
    return reverse("admin:llm_batch_change", args=[batch.pk])

"""Extraction schemas in the admin: every save is a version, one version is current, each can be tried."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from llm import problems, runloop
from llm.admin.people import person
from llm.amounts import dollars
from llm.errors import LLMError
from llm.extraction import Extraction, extract, making
from llm.extraction.forms import SchemaForm, TryForm
from llm.models import ExtractionSchema, ExtractionSchemaVersion
from llm.types import Owner

if TYPE_CHECKING:
    SchemaModelAdmin = admin.ModelAdmin[ExtractionSchema]
else:
    SchemaModelAdmin = admin.ModelAdmin


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a text came to: data or a problem."""

    data: str = ""
    problem: dict[str, Any] | None = None
    done: Extraction[Any] | None = None
    cost: str | None = None


@admin.register(ExtractionSchema)
class ExtractionSchemaAdmin(SchemaModelAdmin):
    """Schemas with their versions; nobody edits a version."""

    list_display = ["name", "current", "created_at"]
    list_select_related = ["current"]
    search_fields = ["name"]
    empty_value_display = gettext_lazy("not offered")

    def has_delete_permission(self, request: HttpRequest, obj: ExtractionSchema | None = None) -> bool:
        return False  # batches name its versions; it is withdrawn instead

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        page = "<int:pk>/versions/<int:number>/"
        return [
            path(page, guarded(self.version_view), name="llm_extractionschema_version"),
            path(f"{page}offer/", guarded(require_POST(self.offer)), name="llm_extractionschema_offer"),
            path(
                "<int:pk>/withdraw/",
                guarded(require_POST(self.withdraw)),
                name="llm_extractionschema_withdraw",
            ),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Write a schema's first or next version."""
        schema = get_object_or_404(ExtractionSchema, pk=object_id) if object_id else None
        if not self.has_view_permission(request, schema):
            raise PermissionDenied
        may = self.has_change_permission(request, schema) if schema else self.has_add_permission(request)
        form = SchemaForm(request.POST or None, instance=schema)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if form.is_valid():
                return self._saved(request, form)
        title = _("Schema %(name)s") % {"name": schema} if schema else _("New schema")
        versions = schema.versions.select_related("author") if schema else ()
        return self._response(
            request, "schema", title=title, form=form, schema=schema, versions=versions, may_change=may
        )

    def version_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Show a version with what each model makes of it; a text that is sent is extracted by it."""
        version = self._version(request, pk, number)
        schema = version.json_schema
        may = self.has_change_permission(request, version.schema)
        form = TryForm(request.POST or None)
        tried = None
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if form.is_valid():
                tried = _tried(version, form, Owner(user_id=person(request).pk))
        return self._response(
            request,
            "version",
            title=_("%(name)s, version %(number)s") % {"name": version.schema, "number": number},
            version=version,
            form=form,
            tried=tried,
            sights=making.sights(schema),
            is_current=version.schema.current_id == version.pk,
            may_change=may,
        )

    def offer(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Make a version the current one."""
        version = self._version(request, pk, number, change=True)
        making.offer(version.schema, version)
        self.log_change(request, version.schema, _("Version %(number)s is current.") % {"number": number})
        messages.success(
            request, _("Version %(number)s is current: every new call gets it.") % {"number": number}
        )
        return HttpResponseRedirect(_page(version))

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Offer the schema no longer; its versions stay, and batches under way finish."""
        schema = get_object_or_404(ExtractionSchema, pk=pk)
        if not self.has_change_permission(request, schema):
            raise PermissionDenied
        making.offer(schema, None)
        self.log_change(request, schema, _("Withdrawn."))
        messages.success(request, _("The schema is withdrawn: no call finds it any more."))
        return HttpResponseRedirect(reverse("admin:llm_extractionschema_change", args=[pk]))

    def _saved(self, request: HttpRequest, form: SchemaForm) -> HttpResponse:
        given = form.cleaned_data
        schema = form.instance if form.instance.pk else form.save()
        version = making.save_version(schema, given["source"], author=person(request), note=given["note"])
        self.log_change(request, schema, _("Version %(number)s is saved.") % {"number": version.number})
        messages.success(
            request,
            _("Version %(number)s is saved. Try it, then make it current.") % {"number": version.number},
        )
        return HttpResponseRedirect(_page(version))

    def _version(
        self, request: HttpRequest, pk: int, number: int, *, change: bool = False
    ) -> ExtractionSchemaVersion:
        rows = ExtractionSchemaVersion.objects.select_related("schema", "author")
        version = get_object_or_404(rows, schema=pk, number=number)
        allowed = self.has_change_permission if change else self.has_view_permission
        if not allowed(request, version.schema):
            raise PermissionDenied
        return version

    def _response(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/llm/extractionschema/{name}.html", shown)


def _tried(version: ExtractionSchemaVersion, form: TryForm, owner: Owner) -> Tried:
    """Extract the text as a call would, but never from the cache."""
    given = form.cleaned_data
    work = extract(version.json_schema, given["text"], model=given["model"] or None, cache=False, owner=owner)
    try:
        done: Extraction[Any] = runloop.wait(work)
    except LLMError as error:
        return Tried(problem=problems.of(error))
    cost = None if done.cost is None else dollars(done.cost)
    return Tried(data=json.dumps(done.data, ensure_ascii=False, indent=2), done=done, cost=cost)


def _page(version: ExtractionSchemaVersion) -> str:
    return reverse("admin:llm_extractionschema_version", args=[version.schema_id, version.number])

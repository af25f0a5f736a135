"""Keys and calls in the admin."""

import uuid
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from llm.models import ApiKey, Call
from llm.money import money

if TYPE_CHECKING:  # generic in the stubs alone
    KeyModelAdmin = admin.ModelAdmin[ApiKey]
    CallModelAdmin = admin.ModelAdmin[Call]
else:
    KeyModelAdmin = CallModelAdmin = admin.ModelAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(KeyModelAdmin):
    """A new key is shown on the page after it was made, and never again. Revoking is for good."""

    list_display = ["name", "ending", "user", "state", "created_at", "last_used_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["user", "name", "expires_at"]
    actions = ["revoke_selected"]
    change_form_template = "admin/llm/apikey/change_form.html"

    @admin.display(description="Ends with")
    def ending(self, key: ApiKey) -> str:
        return f"…{key.hint}"

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Close them one by one, so that each keeps the time of its first revocation."""
        for key in keys:
            key.revoke()
        self.message_user(request, f"Revoked {len(keys)} key(s). Nobody can use them any more.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """A person sees their own keys, a superuser all: a key acts for its user."""
        keys = super().get_queryset(request)
        return keys if _person(request).is_superuser else keys.filter(user=_person(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A person makes keys for themselves, a superuser for anybody."""
        people = User.objects.filter(is_active=True)
        kwargs["queryset"] = (
            people if _person(request).is_superuser else people.filter(username=_person(request).username)
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return ["user", "ending", "state", "created_at", "last_used_at", "revoked_at"] if obj else []

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        shown = ["user", "name", "expires_at"]
        return [*shown, "ending", "state", "created_at", "last_used_at", "revoked_at"] if obj else shown

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            request.issued_key = obj.seal()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer itself: a message would store it in a cookie or the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key made",
            "opts": self.opts,
            "key": request.issued_key,  # type: ignore[attr-defined]
            "row": obj,
        }
        page = TemplateResponse(request, "admin/llm/apikey/issued.html", context)
        page["Cache-Control"] = "no-store"
        return page

    def response_change(self, request: HttpRequest, obj: ApiKey) -> HttpResponse:
        if "_revoke" not in request.POST:
            return super().response_change(request, obj)
        obj.revoke()
        self.message_user(request, f"Revoked {obj}. Nobody can use it any more.", messages.SUCCESS)
        return HttpResponseRedirect(request.path)


@admin.register(Call)
class CallAdmin(CallModelAdmin):
    """The ledger, to read: rows are never made, changed or deleted by hand."""

    list_display = [
        "created_at",
        "feature",
        "provider",
        "model",
        "outcome",
        "user",
        "input_tokens",
        "output_tokens",
        "price",
        "total_ms",
        "cached",
    ]
    list_filter = ["feature", "provider", "model", "outcome", "cached"]
    list_select_related = ["user"]
    list_per_page = 50
    show_full_result_count = False  # a count of the whole ledger on every page is slow
    date_hierarchy = "created_at"
    search_fields = ["request_id"]
    search_help_text = "An X-Request-ID, the request_id of a reply or of a problem, or the provider's id."

    @admin.display(description="Cost (USD)", ordering="cost")
    def price(self, call: Call) -> str:
        return money(call.cost) or "unknown"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Look a request up by its id, written with or without dashes."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        named = Q(correlation_id=wanted)
        try:
            return queryset.filter(named | Q(request_id=uuid.UUID(wanted))), False
        except ValueError:
            return queryset.filter(named | Q(upstream_id=wanted)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _person(request: HttpRequest) -> User:
    """The admin has let nobody else in."""
    return cast("User", request.user)

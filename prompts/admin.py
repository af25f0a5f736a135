"""Where people edit prompts: saving writes a version, a label says which one runs, nothing is ever lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from prompts import service, wording
from prompts.cases import admin as cases_admin  # noqa: F401 registers the pages of test cases
from prompts.editor_pages import EditorPages
from prompts.forms import PromptForm
from prompts.live_pages import LivePages, form_page
from prompts.models import PRODUCTION, Prompt, PromptMove, Prompts, PromptVersion
from prompts.overview import history, reading, tried
from prompts.policy import own_page
from prompts.visitors import person

if TYPE_CHECKING:
    PromptModelAdmin = admin.ModelAdmin[Prompt]
    MoveModelAdmin = admin.ModelAdmin[PromptMove]
else:
    PromptModelAdmin = MoveModelAdmin = admin.ModelAdmin

CONTENT = (
    *("system", "model", "temperature", "max_tokens", "cache_ttl", "on_disconnect", "on_stop"),
    "output_schema",
)
ABOUT = ("note", "based_on")


@admin.register(Prompt)
class PromptAdmin(PromptModelAdmin):
    """Prompts, each with the newest version in a form and all versions beside it."""

    form = PromptForm
    fields = ["title", "slug", "description", *CONTENT, *ABOUT]
    list_display = ["title", "slug", "active", "newest"]
    search_fields = ["slug", "title", "description"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Prompts:
        return Prompt.objects.with_labels()

    @admin.display(description="Active version", empty_value="none")
    def active(self, prompt: Prompt) -> int | None:
        live = [label.version.number for label in prompt.labels.all() if label.name == PRODUCTION]
        return live[0] if live else None

    @admin.display(description="Newest version", ordering="newest", empty_value="none")
    def newest(self, prompt: Prompt) -> int | None:
        return getattr(prompt, "newest", None)

    def get_readonly_fields(self, request: HttpRequest, obj: Prompt | None = None) -> list[str]:
        return ["slug"] if obj else []  # programs know a prompt by it

    def has_delete_permission(self, request: HttpRequest, obj: Prompt | None = None) -> bool:
        return False  # the ledger names its versions

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        page = "<int:pk>/versions/<int:number>/"
        live, editor = LivePages(self), EditorPages(self)
        return [
            path(page, guarded(live.version), name="prompts_prompt_version"),
            path(f"{page}publish/", guarded(live.publish), name="prompts_prompt_publish"),
            path("<int:pk>/rollback/", guarded(live.rollback), name="prompts_prompt_rollback"),
            path("preview/", guarded(editor.preview), name="prompts_prompt_preview_new"),
            path("<int:pk>/preview/", guarded(editor.preview), name="prompts_prompt_preview"),
            path("<int:pk>/play/", guarded(editor.play), name="prompts_prompt_play"),
            path("<int:pk>/compare/", guarded(live.compare), name="prompts_prompt_compare"),
            path("<int:pk>/proposals/<int:proposal>/", guarded(live.decide), name="prompts_prompt_decide"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Prompts", **(extra_context or {})})

    # The form: saving writes a version.

    @method_decorator(own_page)
    def add_view(self, *args: Any, **options: Any) -> HttpResponse:
        return super().add_view(*args, **options)

    @method_decorator(own_page)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, or to who may only look, the version that the form would start from."""
        prompt = self.get_object(request, object_id)
        newest = prompt.versions.first() if prompt else None
        if newest and not self.has_change_permission(request, prompt):
            return HttpResponseRedirect(_page(newest))
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        prompt = options.get("obj")
        shown = history(request, prompt) if prompt else {}
        newest, active = shown.get("newest"), shown.get("active")
        shown |= tried(newest)
        shown |= reading(newest.content) if newest else {}
        if newest and active and newest != active:
            shown["changes"] = wording.compare(active.content, newest.content)
        about = {"title": prompt.title if prompt else _("New prompt"), "subtitle": None, "place": "prompts"}
        return super().render_change_form(request, {**context, **shown, **about}, *args, **options)

    def save_model(self, request: HttpRequest, obj: Prompt, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not form.rewritten:
            same = f"The text is as in version {form.base.number}, so no new version was made."
            messages.info(request, f"{same} {_still(obj)}")
            return
        version = service.save_version(
            obj, form.content, author=person(request), note=form.cleaned_data["note"]
        )
        _warn_of_others(request, version, form.cleaned_data["based_on"])
        messages.success(request, f"Version {version.number} is saved. {_still(obj)}")

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        newest = form.instance.versions.first()
        what = f"text, as version {newest.number}" if form.rewritten else "title or description"
        return [{"changed": {"fields": [what]}}]

    def response_add(
        self, request: HttpRequest, obj: Prompt, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Prompt) -> HttpResponse:
        """Stay on the page: the new version is in its list now."""
        return HttpResponseRedirect(form_page(obj))


@admin.register(PromptMove)
class PromptMoveAdmin(MoveModelAdmin):
    """The audit trail: who moved which label, when and why. Nobody edits it."""

    list_display = [
        *("created_at", "prompt", "label", "kind", "from_version", "to_version", "weight"),
        *("who", "approver", "why"),
    ]
    search_fields = ["prompt__slug", "label", "who__username", "why"]
    list_select_related = ["prompt", "from_version", "to_version", "who", "approver"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Moves of labels", **(extra_context or {})})

    def has_view_permission(self, request: HttpRequest, obj: PromptMove | None = None) -> bool:
        return request.user.has_perm("prompts.view_prompt") or request.user.has_perm("prompts.change_prompt")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PromptMove | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PromptMove | None = None) -> bool:
        return False


def _warn_of_others(request: HttpRequest, version: PromptVersion, based_on: int) -> None:
    """Say it when somebody saved a version while this one was being written."""
    if version.number > based_on + 1:
        others = ", ".join(str(number) for number in range(based_on + 1, version.number))
        messages.warning(
            request,
            f"While you wrote, version {others} was saved. Yours is without those changes: compare them.",
        )


def _still(prompt: Prompt) -> str:
    live = prompt.labelled()
    return f"Version {live.number} stays active." if live else "No version is active yet."


def _page(version: PromptVersion) -> str:
    return reverse("admin:prompts_prompt_version", args=[version.prompt_id, version.number])

"""Texts that agents search: added for oneself or another, and shown as the passages they were cut into."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from llm.api.documents import MOST, readable
from llm.api.faults import Fault
from llm.models import Document, Passage

if TYPE_CHECKING:
    DocumentModelForm = forms.ModelForm[Document]
    DocumentModelAdmin = admin.ModelAdmin[Document]
    PassageTable = admin.TabularInline[Passage, Document]
else:
    DocumentModelForm, DocumentModelAdmin = forms.ModelForm, admin.ModelAdmin
    PassageTable = admin.TabularInline


class DocumentForm(DocumentModelForm):
    """A text, written here or in a file."""

    text = forms.CharField(widget=forms.Textarea, required=False, max_length=MOST)
    file = forms.FileField(required=False, help_text=_("Plain text or Markdown in UTF-8, instead of a text."))

    class Meta:
        model = Document
        fields = ["user", "title"]

    def clean(self) -> dict[str, Any]:
        """Take the text of the file, if there is one."""
        cleaned = super().clean() or {}
        if file := cleaned.get("file"):
            try:
                cleaned["text"] = readable(file.read(MOST * 4 + 1))
            except Fault as error:
                self.add_error("file", error.sentence)
        if not self.errors and not cleaned.get("text", "").strip():
            self.add_error("text", _("Write a text, or choose a file."))
        if len(cleaned.get("text") or "") > MOST:
            self.add_error("file", _("The text is too long."))
        return cleaned


class PassageInline(PassageTable):
    model = Passage
    fields = ("number", "text")
    readonly_fields = ("number", "text")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        """Passages are cut, not written."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        """A document is replaced, not edited."""
        return False


@admin.register(Document)
class DocumentAdmin(DocumentModelAdmin):
    form = DocumentForm
    list_display = ["title", "user", "characters", "created_at"]
    list_select_related = ["user"]
    search_fields = ["title", "user__username"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Add for oneself unless another is chosen."""
        return {"user": request.user.pk}

    def get_inlines(self, request: HttpRequest, obj: Document | None) -> list[Any]:
        """Show passages of what is there."""
        return [PassageInline] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        """A document is replaced, not edited."""
        return False

    def save_model(self, request: HttpRequest, obj: Document, form: Any, change: bool) -> None:
        """Cut the text into passages."""
        stored = Document.objects.store(obj.user, obj.title, form.cleaned_data["text"])
        obj.pk, obj.characters = stored.pk, stored.characters

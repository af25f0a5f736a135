"""The forms of schemas that people make."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from llm.extraction.making import read
from llm.extraction.raw_schema import SchemaRefused
from llm.extraction.schemas import of_code
from llm.models import ExtractionSchema

if TYPE_CHECKING:
    SchemaModelForm = forms.ModelForm[ExtractionSchema]
else:
    SchemaModelForm = forms.ModelForm

EXAMPLE = """\
{
  "title": "Ticket",
  "type": "object",
  "properties": {
    "topic": {"type": "string", "description": "What it is about, in a few words."},
    "urgent": {"type": "boolean"},
    "product": {"type": ["string", "null"]}
  },
  "required": ["topic", "urgent", "product"],
  "additionalProperties": false
}
"""


class SchemaForm(SchemaModelForm):
    """A name, which stays, and the text of the next version."""

    source = forms.CharField(
        label=gettext_lazy("JSON Schema"),
        help_text=gettext_lazy(
            "Draft 2020-12. The order of the properties is the order in which the model answers."
        ),
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}),
    )
    note = forms.CharField(label=gettext_lazy("What is new"), max_length=200, required=False)

    class Meta:
        model = ExtractionSchema
        fields = ["name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        newest = self.instance.versions.first() if self.instance.pk else None
        self.initial.setdefault("source", newest.source if newest else EXAMPLE)
        if self.instance.pk:
            del self.fields["name"]

    def clean_name(self) -> str:
        """Refuse the names of code: its schemas are not to be shadowed."""
        name: str = self.cleaned_data["name"]
        if name in of_code():
            raise ValidationError(_("The code has a schema of this name. Choose another."))
        return name

    def clean_source(self) -> str:
        """Refuse what the compiler refuses, with the place."""
        source: str = self.cleaned_data["source"]
        try:
            read(source)
        except SchemaRefused as error:
            told = [f"{fault['pointer'] or '/'}: {fault['message']}" for fault in error.errors]
            raise ValidationError([error.sentence, *(told if error.errors[0]["pointer"] else [])]) from None
        return source


class TryForm(forms.Form):
    """A text to try a version on."""

    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "prose"}),
    )
    model = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("provider:model; empty: the site's own."),
    )

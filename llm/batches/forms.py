"""The form that starts a batch from a file."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from llm.batches import files
from llm.batches.files import MOST_BYTES, Table
from llm.batches.service import MOST_AT_ONCE, MOST_SECONDS, Order
from llm.batches.texts import MOST_ITEMS, Unusable, checked
from llm.extraction import schemas


class UploadForm(forms.Form):
    """A file, what is looked for in its texts, and how."""

    schema = forms.ChoiceField(label=_("Schema"), help_text=_("What is taken out of each text."))
    file = forms.FileField(
        label=_("File"),
        help_text=format_lazy(
            _("CSV with names in its first line, or JSONL; UTF-8, up to {megabytes} MB and {most} texts."),
            megabytes=MOST_BYTES >> 20,
            most=f"{MOST_ITEMS:,}",
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.jsonl,.ndjson,.json"}),
    )
    column = forms.CharField(
        label=_("Column with the texts"),
        required=False,
        help_text=_("Empty: the one named text, or the only one. The others come back beside the results."),
        widget=forms.TextInput(attrs={"list": "columns", "autocomplete": "off"}),
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=160,
        help_text=_("provider:model; empty: the site's own."),
    )
    concurrency = forms.IntegerField(
        label=_("Texts at a time"), min_value=1, max_value=MOST_AT_ONCE, initial=8
    )
    timeout = forms.FloatField(label=_("Seconds for a text"), min_value=1, max_value=MOST_SECONDS, initial=60)
    cache = forms.BooleanField(
        label=_("Use answers that were kept for equal texts"), required=False, initial=True
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.named = {entry.name: entry for entry in schemas.offered()}
        field = self.fields["schema"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(name, f"{entry.title} ({name})") for name, entry in self.named.items()]

    def clean(self) -> dict[str, Any]:
        """Read the file, so that what is wrong with it stands beside it."""
        cleaned = super().clean() or {}
        if (file := cleaned.get("file")) is None:
            return cleaned
        try:
            table = files.read(file, file.name, cleaned.get("column", ""))
            cleaned["table"] = Table(columns=table.columns, texts=list(checked(table.texts)))
        except Unusable as error:
            raise ValidationError({"file": error.sentence}) from None
        return cleaned

    @property
    def table(self) -> Table:
        """The file of a valid form."""
        found: Table = self.cleaned_data["table"]
        return found

    @property
    def order(self) -> Order:
        """What a valid form wants."""
        given = self.cleaned_data
        return Order(
            schema=self.named[given["schema"]],
            title=given["file"].name[:200],
            columns=self.table.columns,
            model=given["model"],
            cache=given["cache"],
            concurrency=given["concurrency"],
            timeout=given["timeout"],
        )

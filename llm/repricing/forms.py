"""The form that asks for a repricing."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.models import Repricing


class RepricingForm(forms.Form):
    """Whole days, both included, and perhaps one model."""

    since = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Days begin at midnight UTC."),
    )
    until = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("This day included.")
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=161,
        help_text=_("As in openai:gpt-5.5. Empty: all models."),
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            raise ValidationError(
                {"until": _("This day is before the first. Choose that day or a later one.")}
            )
        return found

    @property
    def row(self) -> Repricing:
        """What is asked for, unsaved; a time that is not over ends now."""
        given = self.cleaned_data
        end = datetime.combine(given["until"], time.max, UTC)
        return Repricing(
            since=datetime.combine(given["since"], time(), UTC),
            until=min(end, timezone.now()),
            model=given["model"].strip(),
        )

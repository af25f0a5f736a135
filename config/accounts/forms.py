"""What people fill in about themselves, their keys, and whom they invite."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    PersonForm = forms.ModelForm[User]
else:
    PersonForm = forms.ModelForm

NEVER = "never"
LIFETIMES = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("a year"),
    NEVER: gettext_lazy("until it is revoked"),
}


class ProfileForm(PersonForm):
    """A person's name and address."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
        labels = {"email": gettext_lazy("E-mail")}
        help_texts = {"email": gettext_lazy("For a lost password, and for alerts if you get any.")}

    def clean_email(self) -> str:
        """Refuse an address that another person has: it would open that person's password."""
        email = str(self.cleaned_data["email"])
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another account has this address."))
        return email


class KeyForm(forms.Form):
    """A new API key: how long it lives, and what it may spend a month."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    lifetime = forms.ChoiceField(
        label=gettext_lazy("Works for"), choices=list(LIFETIMES.items()), initial="365"
    )
    limit = forms.DecimalField(
        label=gettext_lazy("Dollars a month, at most"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        help_text=gettext_lazy("Empty: no limit of its own."),
    )

    def expires_at(self, now: datetime | None = None) -> datetime | None:
        """Return the end of the chosen lifetime, None for never."""
        lifetime = self.cleaned_data["lifetime"]
        return None if lifetime == NEVER else (now or timezone.now()) + timedelta(days=int(lifetime))


class InvitationForm(forms.Form):
    """Who is to come in."""

    username = forms.CharField(
        label=gettext_lazy("Name to sign in with"),
        max_length=150,
        validators=[User.username_validator],
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"))

    def clean_username(self) -> str:
        """Refuse a name that is taken."""
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("This name is taken. Choose another."))
        return username

    def clean_email(self) -> str:
        """Refuse an address that is taken."""
        email = str(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("A person with this address is here already."))
        return email

    def clean(self) -> dict[str, Any]:
        return super().clean() or self.cleaned_data

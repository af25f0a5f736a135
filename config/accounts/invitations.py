"""How a person comes in: an account without a password, and a link with which its owner sets one.

The link is signed, works once (a password ends it) and for PASSWORD_RESET_TIMEOUT; a new one can be sent.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)


class InvitationTokens(PasswordResetTokenGenerator):
    """Links of invitations open nothing else, and no other link opens an invitation."""

    key_salt = "config.accounts.InvitationTokens"


tokens = InvitationTokens()


def invite(username: str, email: str) -> User:
    """Make the account of an invited person: it can do nothing until its owner sets a password."""
    return User.objects.create_user(username, email=email, password=None)


def waiting() -> QuerySet[User]:
    """Return invited people who have not come in."""
    without = {"password__startswith": UNUSABLE_PASSWORD_PREFIX, "last_login": None}
    return User.objects.filter(is_active=True, **without).exclude(email="")


def link(request: HttpRequest, person: User) -> str:
    """Return the address with which an invited person comes in."""
    path = reverse(
        "invitation", args=[urlsafe_base64_encode(force_bytes(person.pk)), tokens.make_token(person)]
    )
    return request.build_absolute_uri(path)


def send(request: HttpRequest, person: User) -> bool:
    """Mail the link; False if the mail could not be handed over, which is logged."""
    days = settings.PASSWORD_RESET_TIMEOUT // 86_400
    text = _(
        "You are invited to Parley. Set a password here and you are in:\n\n%(link)s\n\n"
        "Your name there is %(name)s. The link works once, for %(days)s days."
    ) % {"link": link(request, person), "name": person.get_username(), "days": days}
    try:
        send_mail(_("An invitation to Parley"), text, None, [person.email])
    except OSError as error:
        logger.warning("accounts.invitation_not_sent", extra={"person": person.pk, "reason": str(error)})
        return False
    return True

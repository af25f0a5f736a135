"""Who may call the REST API: a key, or a person who is signed in.

Where an Authorization header is present it alone decides; the session and its CSRF check are for requests
without one.
"""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja.errors import AuthenticationError, AuthorizationError
from ninja.security.base import AuthBase

from llm.api.caller import owner
from llm.keyring import opened_by
from llm.types import Owner

__all__ = ["KeyAuth", "SessionAuth", "key_of", "owner"]

NO_KEY = "Send an API key as `Authorization: Bearer parley_...`, or sign in."
BAD_KEY = "This API key opens nothing. It may be mistyped, expired or revoked; make a new one in the admin."
BAD_SCHEME = "Write the header as `Authorization: Bearer parley_...`."
NO_TOKEN = "The request carries no valid CSRF token. Reload the page and try again."  # noqa: S105


def key_of(header: str) -> str:
    """Return the key of an Authorization header; raises AuthenticationError for another scheme."""
    scheme, _, key = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise AuthenticationError(message=BAD_SCHEME)
    return key.strip()


class KeyAuth(AuthBase):
    """`Authorization: Bearer parley_...`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    async def __call__(self, request: HttpRequest) -> Owner | None:
        """Return the key's owner, None without the header; raises AuthenticationError for a wrong one."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        key = await opened_by(key_of(header))
        if key is None:
            raise AuthenticationError(message=BAD_KEY)
        await key.used()
        request.user = key.user
        return Owner(user_id=key.user_id, key_id=key.pk)


class CsrfCheck(CsrfViewMiddleware):
    """The check without the page that Django renders for it, which would ask the database."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)


class SessionAuth(AuthBase):
    """The cookie of a person who is signed in, with the CSRF token for what changes something."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    csrf = True  # the docs page then sends the token

    async def __call__(self, request: HttpRequest) -> Owner | None:
        """Return the person as owner, None if nobody is signed in; raises AuthorizationError."""
        user = await request.auser()
        if not user.is_authenticated:
            raise AuthenticationError(message=NO_KEY)
        check = CsrfCheck(lambda _: HttpResponse())
        check.process_request(request)
        if check.process_view(request, HttpResponse, (), {}):
            raise AuthorizationError(message=NO_TOKEN)
        request.user = user
        return Owner(user_id=user.pk)

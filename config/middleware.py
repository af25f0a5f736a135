"""Django's own middleware without its detours: a hook that waits for nothing runs where it is.

Under ASGI Django sends each hook of each middleware to a thread and back, fourteen trips a request that cost
more than all the rest of it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csp import ContentSecurityPolicyMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

if TYPE_CHECKING:
    Base = MiddlewareMixin
else:
    Base = object


class OnTheLoop(Base):
    """Stands before one of Django's classes, whose hooks touch neither the database nor a file."""

    async def __acall__(self, request: HttpRequest) -> Any:
        """Do what Django's own does, without a thread."""
        enter: Callable[..., Any] | None = getattr(self, "process_request", None)
        leave: Callable[..., Any] | None = getattr(self, "process_response", None)
        response = (enter(request) if enter else None) or await self.get_response(request)  # type: ignore[misc]
        if leave is None:
            return response
        return (
            await sync_to_async(leave)(request, response) if self.waits(request) else leave(request, response)
        )

    def waits(self, request: HttpRequest) -> bool:
        """Whether `process_response` must have a thread after all."""
        return False


class Security(OnTheLoop, SecurityMiddleware): ...


class ContentSecurityPolicy(OnTheLoop, ContentSecurityPolicyMiddleware): ...


class Session(OnTheLoop, SessionMiddleware):
    def waits(self, request: HttpRequest) -> bool:
        """It saves what was changed."""
        return request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST


class Locale(OnTheLoop, LocaleMiddleware): ...


class Common(OnTheLoop, CommonMiddleware): ...


class Csrf(OnTheLoop, CsrfViewMiddleware):
    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self._process_view  # type: ignore[assignment,method-assign]

    async def _process_view(
        self, request: HttpRequest, view: Any, *arguments: Any
    ) -> HttpResponseBase | None:
        """Check what changes something; a refusal is a page, which asks the database who reads it."""
        check = super().process_view
        if request.method in ("GET", "HEAD", "OPTIONS", "TRACE") or getattr(view, "csrf_exempt", False):
            return check(request, view, *arguments)
        return await sync_to_async(check)(request, view, *arguments)


class Authentication(OnTheLoop, AuthenticationMiddleware): ...


class Messages(OnTheLoop, MessageMiddleware):
    def waits(self, request: HttpRequest) -> bool:
        """It stores what was said or read, in the session if it is long."""
        messages: Any = get_messages(request)
        return bool(messages.used or messages.added_new)


class FrameOptions(OnTheLoop, XFrameOptionsMiddleware): ...

"""The language in which a socket is answered: the reader's, as on the pages."""

from types import SimpleNamespace
from typing import Any

from django.utils import translation


class Language:
    """Speak the language of the cookie or of the browser while an application runs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        with translation.override(_language(scope)):
            await self.app(scope, receive, send)


def _language(scope: dict[str, Any]) -> str:
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    request = SimpleNamespace(COOKIES=scope.get("cookies", {}), META={"HTTP_ACCEPT_LANGUAGE": accepted})
    return translation.get_language_from_request(request)  # type: ignore[arg-type]  # what it reads of one

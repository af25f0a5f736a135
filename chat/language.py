"""The language in which a socket is answered: the reader's, as on the pages."""

from types import SimpleNamespace

from django.utils import translation


def spoken(cookies: dict[str, str], accepted: str) -> str:
    """Return the language of the cookie, else the best of those that the browser accepts."""
    request = SimpleNamespace(COOKIES=cookies, META={"HTTP_ACCEPT_LANGUAGE": accepted})
    return translation.get_language_from_request(request)  # type: ignore[arg-type]  # what it reads of one

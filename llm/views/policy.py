"""What a browser lets the usage pages do: no script of theirs turns text into HTML, so none may."""

from typing import Any

from django.conf import settings
from django.views.decorators.csp import csp_override

OWN: dict[str, Any] = {
    **settings.SECURE_CSP,
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
}

own_page = csp_override(OWN)

"""What a browser lets the chat's pages do: text becomes HTML only by a policy that has a name."""

from typing import Any

from django.conf import settings
from django.views.decorators.csp import csp_override

# Trusted Types: `dompurify` is the sanitiser's own, `parley` lets through what this server rendered.
# Not for the whole site, because the stock admin's jQuery cannot bear it.
OWN: dict[str, Any] = {
    **settings.SECURE_CSP,
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["dompurify", "parley"],
}

own_page = csp_override(OWN)

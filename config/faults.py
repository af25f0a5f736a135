"""The page that stands in for one that could not be made."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader

from llm.problems import AWAY


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that the database is away, or that the fault is ours; asks the database for nothing."""
    if isinstance(sys.exception(), AWAY):
        return HttpResponse(loader.render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
    return HttpResponse(loader.render_to_string("500.html"), status=500)

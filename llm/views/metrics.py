"""GET /metrics: what Prometheus scrapes."""

import asyncio
import secrets

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from llm.telemetry import exposition, meters, publishing, site
from llm.telemetry.meters import Family

OFF = "Metrics are off. Set PARLEY_METRICS_TOKEN to turn them on.\n"
NO_TOKEN = "Send the value of PARLEY_METRICS_TOKEN as `Authorization: Bearer ...`.\n"  # noqa: S105


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Say what the processes of this machine count, and how long the site's queues are."""
    token = settings.PARLEY.parley_metrics_token.get_secret_value()
    if not token:
        return HttpResponse(OFF, status=404, content_type="text/plain")
    if not secrets.compare_digest(
        request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
    ):
        refused = HttpResponse(NO_TOKEN, status=401, content_type="text/plain")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    mine = meters.families()
    others, shared = await asyncio.to_thread(_rest)
    of_processes = [({"process": name}, found) for name, found in ((publishing.process(), mine), *others)]
    said = exposition.text([*of_processes, ({}, shared)])
    return HttpResponse(said, content_type=exposition.CONTENT_TYPE)


def _rest() -> tuple[list[tuple[str, list[Family]]], list[Family]]:
    """One thread for both: a connection opened here is closed here."""
    try:
        return publishing.of_others(), site.families()
    finally:
        connection.close()

"""GET /health: the process lives. GET /ready: it can serve."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from ninja import Router, Schema

from llm import readiness

router = Router(tags=["operation"], auth=None)


class Health(Schema):
    status: str
    version: str


@router.get("/health", response=Health, summary="Does the process answer?")
async def health(request: HttpRequest) -> dict[str, str]:
    """Say that the process answers; asks nothing of anybody else."""
    return {"status": "ok", "version": settings.VERSION}


@router.get("/ready", summary="Can it serve?")
async def ready(request: HttpRequest) -> JsonResponse:
    """Say whether requests can be served, and what each part does. 503 when they cannot.

    A process that is going down says `draining`: it ends what it has begun, and wants nothing new. Of the
    parts `worker` and a `disk` that is `low` are told and stop nobody.
    """
    parts = await readiness.parts()
    draining = bool(getattr(request, "scope", {}).get("draining"))
    status = "draining" if draining else "ok" if readiness.can_serve(parts) else "down"
    body = {"status": status, **parts, "draining": draining}
    if status == "ok":
        return JsonResponse(body)
    return JsonResponse(body, status=503, headers={"Retry-After": "5"})

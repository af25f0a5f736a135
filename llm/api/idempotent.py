"""`@decorate_view(idempotent)`: an endpoint that heeds the header Idempotency-Key."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from llm import runloop
from llm.idempotency import HEADER, BadKey, KeyTaken, named, once
from llm.types import Owner

DESCRIPTION = (
    "Made by the client, a UUID for example. Sent twice, it is done and paid once, and answered alike."
)


def idempotent(run: Any) -> Callable[..., Any]:
    """Carry a request with a key out once; `run` is that of ninja's operation."""
    operation = run.__self__
    operation.openapi_extra = {"parameters": [PARAMETER], **(operation.openapi_extra or {})}

    async def answer(request: HttpRequest, work: Callable[[], Any]) -> HttpResponseBase:
        if HEADER not in request.headers:
            done: HttpResponseBase = await work()
            return done
        try:
            call = named(request, await _owner(operation, request))
            return await (once(call, work) if call else work())
        except (BadKey, KeyTaken) as error:
            told: HttpResponseBase = operation.api.on_exception(request, error)
            return told

    @wraps(run)
    async def asynchronous(request: HttpRequest, **values: Any) -> HttpResponseBase:
        return await answer(request, partial(run, request, **values))

    @wraps(run)
    def synchronous(request: HttpRequest, **values: Any) -> HttpResponseBase:
        work = sync_to_async(partial(_alone, run, request, **values), thread_sensitive=False)
        return runloop.wait(answer(request, work))

    return asynchronous if iscoroutinefunction(run) else synchronous


def idempotent_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Do the same at an address that a page's script asks; `view` is synchronous, who is signed in asks."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
        work = sync_to_async(partial(_alone, view, request, *args, **values), thread_sensitive=False)
        try:
            call = named(request, Owner(user_id=request.user.pk))
            return runloop.wait(once(call, work)) if call else view(request, *args, **values)
        except (BadKey, KeyTaken) as error:
            return JsonResponse({"code": error.code, "text": error.sentence}, status=error.status)

    return guarded


PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": DESCRIPTION,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def _alone(run: Any, *args: Any, **values: Any) -> HttpResponseBase:
    """Run in a thread of its own, which may be gone with its connection afterwards."""
    try:
        done: HttpResponseBase = run(*args, **values)
        return done
    finally:
        connections.close_all()


async def _owner(operation: Any, request: HttpRequest) -> Owner | None:
    """Return who asks; None for who may not, which the operation itself tells better."""
    for auth in operation.auth_callbacks:
        try:
            if owner := await auth(request):
                found: Owner = owner
                return found
        except Exception:  # a wrong key, a missing token: of whatever kind, there is nobody
            return None
    return None

"""The REST API under /api/v1/: who may call, how errors look, and which routers it is made of."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.parser import Parser

from config import problems
from config.auth import KeyAuth, SessionAuth
from llm.extraction.parsing import loads

ROUTERS = (
    ("", "llm.api.health.router"),
    ("", "llm.api.schemas.router"),
    ("", "llm.api.extract.router"),
    ("", "llm.api.batches.router"),
    ("", "llm.api.usage.router"),
    ("", "llm.api.agents.router"),
    ("", "llm.api.documents.router"),
    ("/prompts", "prompts.api.router"),
    ("", "chat.api.router"),
)


class StrictJSON(Parser):
    """Reads bodies as RFC 8259 means them: no NaN, no key twice."""

    def parse_body(self, request: HttpRequest) -> Any:
        return loads(request.body)


class Api(NinjaAPI):
    """Ninja, with problems where it or Django would answer in text or HTML."""

    def set_default_exception_handlers(self) -> None:
        """One handler for everything instead of ninja's own."""
        self.add_exception_handler(Exception, problems.of)

    @property
    def urls(self) -> tuple[list[URLPattern | URLResolver], str, str]:
        """Return the addresses; the last one stands for all that do not exist."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _with_problems(pattern.callback)
        return [*patterns, path("<path:rest>", csrf_exempt(_nothing_here))], app, namespace


def _nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    return problems.problem(404, "There is nothing at this address. See /api/v1/docs for what there is.")


def _with_problems(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a wrong method, and what is raised outside ninja's own handling, with a problem."""

    async def asynchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return _told(await view(request, *args, **kwargs))
        except Exception as error:  # the border of the API
            return problems.of(request, error)

    def synchronous(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return _told(view(request, *args, **kwargs))
        except Exception as error:  # the border of the API
            return problems.of(request, error)

    return csrf_exempt(asynchronous if iscoroutinefunction(view) else synchronous)


def _told(response: HttpResponseBase) -> HttpResponseBase:
    if not isinstance(response, HttpResponseNotAllowed):
        return response
    allowed = response.headers["Allow"]
    told = problems.problem(405, f"This address takes {allowed}.")
    told["Allow"] = allowed
    return told


api = Api(
    title="Parley",
    version="1",
    description="Extract data from texts, chat, render prompts, and see what it costs.",
    urls_namespace="api",
    auth=[KeyAuth(), SessionAuth()],
    parser=StrictJSON(),
)
for prefix, router in ROUTERS:
    api.add_router(prefix, router)

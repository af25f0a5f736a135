"""Prompts for other programs, under /api/v1/prompts."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from ninja import Router, Schema
from pydantic import Field

from prompts import service
from prompts.models import PRODUCTION, Prompt, PromptVersion

router = Router(tags=["prompts"])


class VariableOut(Schema):
    """A text that the prompt takes."""

    name: str
    type: str = "string"
    required: bool
    default: str | None
    sample: str


class MessageOut(Schema):
    """A message; in a stored one `{{ name }}` stands for a variable."""

    role: str
    content: str


class Listed(Schema):
    """A prompt in the list. `labels` are names and version numbers."""

    slug: str
    title: str
    description: str
    variables: list[VariableOut]
    labels: dict[str, int]
    newest: int


class PromptList(Schema):
    """All prompts, by slug."""

    prompts: list[Listed]


class PromptOut(Schema):
    """One version of a prompt. `cache_ttl` in seconds: null is the site's, 0 keeps no answer."""

    slug: str
    version: int
    messages: list[MessageOut]
    variables: list[VariableOut]
    model: str | None
    parameters: dict[str, Any]
    cache_ttl: int | None
    on_disconnect: str
    on_stop: str
    output_schema: dict[str, Any] | None
    note: str
    created_at: datetime


class RenderIn(Schema):
    """Values of the variables; a version goes before the label."""

    variables: dict[str, Any] = {}
    label: str = PRODUCTION
    version: int | None = Field(default=None, ge=1)


class RenderOut(Schema):
    """The messages, ready to send."""

    slug: str
    version: int
    messages: list[MessageOut]


@router.get("", response=PromptList, summary="List the prompts")
async def list_prompts(request: HttpRequest) -> dict[str, Any]:
    newest = PromptVersion.objects.filter(prompt=OuterRef("pk")).values("variables")[:1]
    prompts = Prompt.objects.with_labels().annotate(newest_variables=Subquery(newest))
    listed = [_listed(prompt) async for prompt in prompts]
    return {"prompts": [prompt for prompt in listed if prompt["newest"]]}


@router.get("/{slug}", response=PromptOut, summary="Get a prompt by its label or version, with an ETag")
async def get_prompt(
    request: HttpRequest, slug: str, label: str = PRODUCTION, version: int | None = None
) -> HttpResponse:
    found = await service.find(slug, label=label, version=version)
    response = JsonResponse(PromptOut(**_version(slug, found)).model_dump(mode="json"))
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"  # keep it, but ask each time
    conditional = get_conditional_response(request, etag=etag, response=response)
    return conditional or response


@router.post("/{slug}/render", response=RenderOut, summary="Fill a prompt's variables")
async def render_prompt(request: HttpRequest, slug: str, body: RenderIn) -> dict[str, Any]:
    rendered = await service.render(slug, body.variables, label=body.label, version=body.version)
    messages = [{"role": m.role, "content": m.content} for m in rendered.messages]
    return {"slug": slug, "version": rendered.version, "messages": messages}


def _listed(prompt: Any) -> dict[str, Any]:
    labels = {label.name: label.version for label in prompt.labels.all()}
    live = labels.get(PRODUCTION)
    return {
        "slug": prompt.slug,
        "title": prompt.title,
        "description": prompt.description,
        "variables": live.variables if live else prompt.newest_variables,
        "labels": {name: version.number for name, version in labels.items()},
        "newest": prompt.newest,
    }


def _version(slug: str, version: PromptVersion) -> dict[str, Any]:
    return {
        "slug": slug,
        "version": version.number,
        "messages": version.messages,
        "variables": version.variables,
        "model": version.model or None,
        "parameters": version.parameters,
        "cache_ttl": version.cache_ttl,
        "on_disconnect": version.on_disconnect,
        "on_stop": version.on_stop,
        "output_schema": json.loads(version.output_schema) if version.output_schema else None,
        "note": version.note,
        "created_at": version.created_at,
    }

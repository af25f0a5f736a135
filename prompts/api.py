"""Prompts for other programs, under /api/v1/prompts."""

import hashlib
import json
from datetime import datetime
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from ninja import Router, Schema, Status
from pydantic import Field

from prompts import approval, publishing, service
from prompts.errors import NotAllowed, UnknownPrompt
from prompts.models import PRODUCTION, Prompt, PromptLabel, PromptMove, PromptProposal, PromptVersion
from prompts.publishing import Change

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
    subject: str = Field(default="", max_length=200)


class MoveIn(Schema):
    """Where a label should point; `expected` is the version that it was seen at, 0 for nowhere."""

    version: int = Field(ge=1)
    why: str = Field(default="", max_length=500)
    expected: int | None = Field(default=None, ge=0)


class RollbackIn(Schema):
    """Why a label goes back; `expected` as for a move."""

    why: str = Field(default="", max_length=500)
    expected: int | None = Field(default=None, ge=0)


class LabelOut(Schema):
    """What a label says now. With `proposal` it waits for a second person and has not moved."""

    slug: str
    label: str
    version: int
    canary: int | None
    weight: int
    proposal: int | None


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
    request: HttpRequest,
    slug: str,
    label: str = PRODUCTION,
    version: int | None = None,
    subject: str = "",
) -> HttpResponse:
    await _check_draft(request, label, version)
    found = await service.find(slug, label=label, version=version, subject=subject)
    response = JsonResponse(PromptOut(**_version(slug, found)).model_dump(mode="json"))
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"  # keep it, but ask each time
    conditional = get_conditional_response(request, etag=etag, response=response)
    return conditional or response


@router.post("/{slug}/render", response=RenderOut, summary="Fill a prompt's variables")
async def render_prompt(request: HttpRequest, slug: str, body: RenderIn) -> dict[str, Any]:
    await _check_draft(request, body.label, body.version)
    rendered = await service.render(
        slug, body.variables, label=body.label, version=body.version, subject=body.subject
    )
    messages = [{"role": m.role, "content": m.content} for m in rendered.messages]
    return {"slug": slug, "version": rendered.version, "messages": messages}


@router.post(
    "/{slug}/labels/{name}",
    response={200: LabelOut, 202: LabelOut},
    summary="Point a label at a version; 202 where a second person must approve",
)
async def move_label(request: HttpRequest, slug: str, name: str, body: MoveIn) -> Status[dict[str, Any]]:
    return await sync_to_async(_move)(_person(request), slug, name, body)


@router.post(
    "/{slug}/labels/{name}/rollback", response=LabelOut, summary="Undo what a label was last changed to"
)
async def roll_back(request: HttpRequest, slug: str, name: str, body: RollbackIn) -> dict[str, Any]:
    return await sync_to_async(_roll_back)(_person(request), slug, name, body)


def _move(person: User, slug: str, name: str, body: MoveIn) -> Status[dict[str, Any]]:
    version = PromptVersion.objects.filter(prompt__slug=slug, number=body.version)
    found = version.select_related("prompt").first()
    if found is None:
        raise UnknownPrompt(f"There is no version {body.version} of a prompt “{slug[:64]}”.", names=[slug])
    change = Change(
        label=name, kind=PromptMove.Kind.MOVE, version=found, why=body.why, expected=body.expected
    )
    done = approval.ask(found.prompt, change, who=person)
    if isinstance(done, PromptProposal):
        return Status(202, _label(found.prompt, name, done))
    return Status(200, _label(found.prompt, name))


def _roll_back(person: User, slug: str, name: str, body: RollbackIn) -> dict[str, Any]:
    prompt = Prompt.objects.filter(slug=slug).first()
    if prompt is None:
        raise UnknownPrompt(f"There is no prompt “{slug[:64]}”.", names=[slug])
    publishing.rollback(prompt, name, who=person, why=body.why, expected=body.expected)
    return _label(prompt, name)


def _label(prompt: Prompt, name: str, proposal: PromptProposal | None = None) -> dict[str, Any]:
    row = PromptLabel.objects.of(prompt.slug, name).first()
    return {
        "slug": prompt.slug,
        "label": name,
        "version": row.version.number if row else 0,
        "canary": row.canary.number if row and row.canary else None,
        "weight": row.weight if row else 0,
        "proposal": proposal.pk if proposal else None,
    }


async def _check_draft(request: HttpRequest, label: str, version: int | None) -> None:
    """What is live is for every caller; what is not yet is for who may look at prompts."""
    if (label != PRODUCTION or version is not None) and not await _person(request).ahas_perm(
        "prompts.view_prompt"
    ):
        raise NotAllowed(
            "You may read what is in production. Other versions need the permission to view prompts.",
            names=[label],
        )


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # the site lets nobody else in


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

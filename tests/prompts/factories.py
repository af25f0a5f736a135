"""Prompts for tests: plain functions."""

from typing import Any, cast

from django.contrib.auth.models import Permission, User

from llm.types import Message, Role
from prompts import service
from prompts.content import Content
from prompts.models import PRODUCTION, Prompt, PromptVersion
from prompts.rendering import Variable


def content(
    text: str = "Be kind.",
    *more: tuple[str, str],
    variables: tuple[Variable, ...] = (),
    model: str = "",
    **parameters: Any,
) -> Content:
    """A system text and, as (role, text), the messages after it."""
    said = [("system", text), *more]
    return Content(
        messages=tuple(Message(role=cast("Role", role), content=words) for role, words in said),
        variables=variables,
        model=model,
        parameters=parameters,
    )


def make_prompt(
    *texts: str | Content, slug: str = "greeting", active: int | None = 1, author: User | None = None
) -> Prompt:
    """A prompt with one version a text; `active` is the number that production points at."""
    prompt = Prompt.objects.create(slug=slug, title=slug.title())
    for text in texts or ("Be kind.",):
        given = text if isinstance(text, Content) else content(text)
        service.save_version(prompt, given, author=author)
    if active:
        activate(prompt, active)
    return prompt


def activate(prompt: Prompt, number: int, *, who: User | None = None) -> PromptVersion:
    """Point production at a version."""
    version = prompt.versions.get(number=number)
    service.move_label(prompt, PRODUCTION, version, who=who)
    return version


def staff(name: str, *permissions: str) -> User:
    """A person who may open the admin and has these permissions of prompts."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def publisher(name: str = "petra") -> User:
    """A person who may change prompts and publish them."""
    return staff(name, "view_prompt", "change_prompt", "add_prompt", "publish")

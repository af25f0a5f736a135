"""Rendering prompts for callers, and saving versions; what a label says is changed by `publishing`."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from llm.groupread import GroupRead
from llm.types import Message, PromptRef
from prompts import files, rendering
from prompts.cases.starters import add_cases
from prompts.content import Content
from prompts.errors import UnknownPrompt
from prompts.models import PRODUCTION, Prompt, PromptLabel, PromptVersion
from prompts.publishing import lock
from prompts.publishing import move_label as move_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A prompt that is ready to send. `model` is the first of `chain`; None and () mean the site's own.

    `cache_ttl`, `on_disconnect`, `on_stop` and `output_schema` are those of `Content`.
    """

    slug: str
    version: int
    messages: tuple[Message, ...]
    model: str | None
    chain: tuple[str, ...]
    parameters: Mapping[str, float]
    cache_ttl: int | None
    on_disconnect: str
    on_stop: str
    output_schema: str = ""

    @property
    def ref(self) -> PromptRef:
        """The version that the ledger books."""
        return PromptRef(slug=self.slug, version=self.version)


async def render(
    slug: str,
    variables: Mapping[str, object] | None = None,
    *,
    label: str = PRODUCTION,
    version: int | None = None,
    subject: str = "",
) -> Rendered:
    """Fill the prompt as it is now; a `version` goes before the label. Raises PromptError.

    Calls at the same time share the query for their labels.

    `subject` is who or what it is for, such as `user:5`: while a label tries a canary, a subject always gets
    the same version, and who gives none gets the label's own.
    """
    found = await find(slug, label=label, version=version, subject=subject)
    content = found.content
    return Rendered(
        slug=slug,
        version=found.number,
        messages=rendering.render(content.messages, content.variables, variables or {}),
        model=next(iter(content.chain), None),
        chain=content.chain,
        parameters=content.parameters,
        cache_ttl=content.cache_ttl,
        on_disconnect=content.on_disconnect,
        on_stop=content.on_stop,
        output_schema=content.output_schema,
    )


async def find(
    slug: str, *, label: str = PRODUCTION, version: int | None = None, subject: str = ""
) -> PromptVersion:
    """Return the version of a number or, without one, of a label; raises UnknownPrompt."""
    if version is not None:
        found = await PromptVersion.objects.filter(prompt__slug=slug, number=version).afirst()
    else:
        row = await _labels.get((slug, label))
        found = row.version_for(subject) if row else None
    if found:
        return found
    if not await Prompt.objects.filter(slug=slug).aexists():
        raise UnknownPrompt(f"There is no prompt “{slug[:64]}”.", names=[slug])
    wanted = f"version {version}" if version is not None else f"label “{label[:32]}”"
    raise UnknownPrompt(f"The prompt “{slug}” has no {wanted}.", names=[slug])


_labels = GroupRead(PromptLabel.objects.by_name, name="labels")


@transaction.atomic
def save_version(prompt: Prompt, content: Content, *, author: User | None, note: str = "") -> PromptVersion:
    """Write the next version; nothing goes live by it. Raises InvalidPrompt."""
    content = content.tidied()
    lock(prompt)
    newest = prompt.versions.first()
    return PromptVersion.objects.create(
        prompt=prompt,
        number=newest.number + 1 if newest else 1,
        messages=[{"role": m.role, "content": m.content} for m in content.messages],
        variables=[variable.as_json() for variable in content.variables],
        model=content.model,
        parameters=dict(content.parameters),
        cache_ttl=content.cache_ttl,
        on_disconnect=content.on_disconnect,
        on_stop=content.on_stop,
        output_schema=content.output_schema,
        note=note,
        author=author,
    )


def install_starters() -> list[str]:
    """Create the starter prompts that do not exist, active; returns their slugs. Existing ones are left."""
    return [file.slug for file in files.starters() if install(file, author=None, note="Came with Parley")]


@transaction.atomic
def install(file: files.PromptFile, *, author: User | None, note: str) -> bool:
    """Create the prompt of a file, active; False, and nothing done, if there is one. Raises InvalidPrompt."""
    prompt, created = Prompt.objects.get_or_create(
        slug=file.slug, defaults={"title": file.title, "description": file.description}
    )
    if created:
        version = save_version(prompt, file.content, author=author, note=note)
        move_label(prompt, PRODUCTION, version, who=None, why=note)
        add_cases(prompt)
    return created

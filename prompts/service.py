"""Rendering prompts for callers, and the two ways to change one: save a version, move a label."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from llm.types import Message, PromptRef
from prompts import files, rendering
from prompts.content import Content
from prompts.errors import InvalidPrompt, LabelMoved, UnknownPrompt
from prompts.models import LABEL, LABEL_RULE, PRODUCTION, Prompt, PromptLabel, PromptMove, PromptVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A prompt that is ready to send. `model` is the first of `chain`; None and () mean the site's own.

    `cache_ttl`, `on_disconnect` and `on_stop` are those of `Content`.
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
) -> Rendered:
    """Fill the prompt as it is now, in one query; a `version` goes before the label. Raises PromptError."""
    found = await find(slug, label=label, version=version)
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
    )


async def find(slug: str, *, label: str = PRODUCTION, version: int | None = None) -> PromptVersion:
    """Return the version of a number or, without one, of a label; raises UnknownPrompt."""
    try:
        return await PromptVersion.objects.of(slug, label=label, number=version).aget()
    except PromptVersion.DoesNotExist:
        pass
    if not await Prompt.objects.filter(slug=slug).aexists():
        raise UnknownPrompt(f"There is no prompt “{slug[:64]}”.", names=[slug])
    wanted = f"version {version}" if version is not None else f"label “{label[:32]}”"
    raise UnknownPrompt(f"The prompt “{slug}” has no {wanted}.", names=[slug])


@transaction.atomic
def save_version(prompt: Prompt, content: Content, *, author: User | None, note: str = "") -> PromptVersion:
    """Write the next version; nothing goes live by it. Raises InvalidPrompt."""
    content = content.tidied()
    _lock(prompt)
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


@transaction.atomic
def move_label(
    prompt: Prompt,
    label: str,
    version: PromptVersion,
    *,
    who: User | None,
    why: str = "",
    expected: int | None = None,
) -> PromptLabel:
    """Point a label at a version and write the audit row; pointing it where it is writes none.

    `expected` is the number that the caller saw it at, 0 for nowhere: LabelMoved if that is no longer so.
    """
    if version.prompt_id != prompt.pk:
        raise InvalidPrompt(f"{version} belongs to another prompt.")
    if not LABEL.fullmatch(label):
        raise InvalidPrompt(f"A label cannot be named “{label[:32]}”. {LABEL_RULE}", names=[label])
    _lock(prompt)
    row = prompt.labels.select_related("version").filter(name=label).first()
    was = row.version if row else None
    if expected is not None and expected != (was.number if was else 0):
        raise LabelMoved(_moved(prompt, label, was), names=[label])
    if row and was == version:
        return row
    row, _ = PromptLabel.objects.update_or_create(prompt=prompt, name=label, defaults={"version": version})
    PromptMove.objects.create(
        prompt=prompt, label=label, from_version=was, to_version=version, who=who, why=why
    )
    return row


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
    return created


def _lock(prompt: Prompt) -> None:
    """Make editors of one prompt take turns. SQLite's immediate transactions do so by themselves."""
    Prompt.objects.select_for_update().get(pk=prompt.pk)


def _moved(prompt: Prompt, label: str, version: PromptVersion | None) -> str:
    move = prompt.moves.filter(label=label).select_related("who").first()
    who = move.who.get_username() if move and move.who else "Somebody"
    where = f"to version {version.number}" if version else "away"
    return f"{who} moved “{label}” {where} in the meantime. Look at that version, then decide again."

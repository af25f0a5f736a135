"""Prompts as the files of a folder, for version control: write them, take them in, compare them.

Every `*.md` of the folder is a prompt's newest version and is named by its slug.
"""

from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from prompts import authors, files, service
from prompts.content import kept
from prompts.drift import differences
from prompts.errors import InvalidPrompt
from prompts.files import PromptFile
from prompts.models import PRODUCTION, Prompt, PromptVersion

NAMED = 100  # characters of an author's name


type Origin = tuple[User | None, str]  # a version's author and note


class UnusableFiles(Exception):
    """Files that cannot be read or written; `lines` name each and say what is wrong."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(" ".join(line.split()) for line in lines)
        super().__init__(" ".join(self.lines))


def export(folder: Path) -> Iterator[str]:
    """Write the newest versions and tell which; equal files are left alone. Raises UnusableFiles."""
    for version in PromptVersion.objects.newest():
        path = _path(folder, version.prompt.slug)
        text = files.dump(_file(version)).encode()
        try:
            if path.is_file() and path.read_bytes() == text:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        except OSError as error:
            raise UnusableFiles(f"{path.name}: It cannot be written: {error.strerror}.") from None
        yield f"{path.name}: written, version {version.number}"


def take_in(folder: Path, *, publish: bool) -> list[str]:
    """Make a version of each file that differs from the newest, and tell it; all files or none.

    `production` moves only with `publish`. Raises UnusableFiles.
    """
    written = read(folder)
    known = {version.prompt.slug: version.content.tidied() for version in PromptVersion.objects.newest()}
    news = [file.slug for file in written if known.get(file.slug) != file.content]
    origins = {slug: _origin(_path(folder, slug)) for slug in news}  # before the lock: git takes its time
    with transaction.atomic():
        return [line for file in written for line in _take(file, origins.get(file.slug), publish=publish)]


def drift(folder: Path) -> Iterator[str]:
    """Yield how the files differ from the newest versions, in a line each. Raises UnusableFiles."""
    written = {file.slug: file for file in read(folder)}
    for version in PromptVersion.objects.newest():
        slug = version.prompt.slug
        if file := written.pop(slug, None):
            for difference in differences(file, _file(version)):
                yield f"{slug}.md: {difference} in version {version.number}."
        else:
            yield f"{slug}.md: There is no such file. The database has the prompt, version {version.number}."
    for slug in written:
        yield f"{slug}.md: The database has no prompt “{slug}”."


def read(folder: Path) -> list[PromptFile]:
    """Read and check every file, by name; raises UnusableFiles with all that is wrong."""
    if not folder.is_dir():
        raise UnusableFiles(f"{folder}: There is no such folder.")
    good, bad = [], []
    for path in sorted(folder.glob("*.md")):
        try:
            good.append(_read(path))
        except InvalidPrompt as error:
            bad.append(f"{path.name}: {error.sentence}")
    if bad:
        raise UnusableFiles(*bad)
    return good


def _read(path: Path) -> PromptFile:
    try:
        file = files.parse(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InvalidPrompt(f"It cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidPrompt("It is not UTF-8 text.") from None
    _check_head(file)
    if path.stem != file.slug:
        raise InvalidPrompt(f"Its slug is “{file.slug}”. Name the file {file.slug}.md, or correct the slug.")
    if faults := [f"{fault['pointer']}: {fault['message']}" for fault in file.content.faults()]:
        raise InvalidPrompt(" ".join(faults))
    return file


def _check_head(file: PromptFile) -> None:
    try:
        _with_title(Prompt(slug=file.slug), file).clean_fields()
    except ValidationError as error:
        name, sentences = next(iter(error.message_dict.items()))
        raise InvalidPrompt(f"The front matter is wrong at “{name}”: {sentences[0]}") from None
    if not kept(file.title + file.description):
        raise InvalidPrompt("The title or description has a character that cannot be stored.")


def _take(file: PromptFile, origin: Origin | None, *, publish: bool) -> Iterator[str]:
    name = _path(Path(), file.slug).name
    author, note = origin or (None, f"Imported from {name}")
    prompt, created = Prompt.objects.select_for_update().get_or_create(
        slug=file.slug, defaults={"title": file.title, "description": file.description}
    )
    yield from () if created else _rename(prompt, file)
    newest = prompt.versions.first()
    if newest is None or newest.content.tidied() != file.content:
        newest = service.save_version(prompt, file.content, author=author, note=note)
        new = "new prompt, " if created else ""
        yield f"{name}: {new}version {newest.number}{'' if publish else ', not in production'}"
    if publish and prompt.labelled() != newest:
        service.move_label(prompt, PRODUCTION, newest, who=None, why=note)
        yield f"{name}: production is version {newest.number} now"


def _rename(prompt: Prompt, file: PromptFile) -> Iterator[str]:
    """Take over title and description, which have no versions."""
    if (prompt.title, prompt.description) != (file.title, file.description):
        _with_title(prompt, file).save(update_fields=["title", "description"])
        yield f"{file.slug}.md: title and description taken over"


def _with_title(prompt: Prompt, file: PromptFile) -> Prompt:
    prompt.title, prompt.description = file.title, file.description
    return prompt


def _origin(path: Path) -> Origin:
    """Return the account of the file's author and the note; who has no account is named there."""
    note = f"Imported from {path.name}"
    author = authors.author_of(path)
    account = author.account if author else None
    return account, f"{note}, written by {author.name[:NAMED]}" if author and not account else note


def _file(version: PromptVersion) -> PromptFile:
    prompt = version.prompt
    return PromptFile(
        slug=prompt.slug, title=prompt.title, description=prompt.description, content=version.content
    )


def _path(folder: Path, slug: str) -> Path:
    return folder / f"{slug}.md"

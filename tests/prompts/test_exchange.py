"""Prompts as files of a folder: `manage.py prompts export|import|check DIR`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from prompts import files, service
from prompts.content import Content
from prompts.files import PromptFile
from prompts.models import Prompt
from tests.prompts.factories import activate, content, make_prompt
from tests.prompts.test_authors import ADA, commit

pytestmark = pytest.mark.django_db

type Said = tuple[int, list[str]]


class Run:
    """The command, as a shell sees it: exit code and lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, action: str, folder: Path, *more: str) -> Said:
        try:
            call_command("prompts", action, str(folder), *more)
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = self.capsys.readouterr()
        return code, [*printed.out.splitlines(), *printed.err.splitlines()]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def write(folder: Path, said: Content | str = "Be kind.", **head: str) -> Path:
    """Write a prompt's file by hand."""
    about = {"slug": "greeting", "title": "Greeting", **head}
    given = said if isinstance(said, Content) else content(said)
    path = folder / f"{about['slug']}.md"
    path.write_text(files.dump(PromptFile(content=given, **about)), "utf-8")
    return path


# Export


def test_export_writes_the_newest_version_of_each_prompt(run: Run, tmp_path: Path) -> None:
    make_prompt("one", "two")
    make_prompt(slug="farewell")
    code, lines = run("export", tmp_path / "new" / "folder")
    assert (code, lines) == (0, ["farewell.md: written, version 1", "greeting.md: written, version 2"])
    assert files.parse((tmp_path / "new/folder/greeting.md").read_text()).content == content("two")


def test_export_writes_only_what_changed(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt("one")
    make_prompt(slug="farewell")
    run("export", tmp_path)
    before = (tmp_path / "farewell.md").stat().st_mtime_ns
    service.save_version(prompt, content("two"), author=None)
    assert run("export", tmp_path) == (0, ["greeting.md: written, version 2"])
    assert (tmp_path / "farewell.md").stat().st_mtime_ns == before
    assert run("export", tmp_path) == (0, ["Nothing to write: the files hold the newest versions."])


def test_export_leaves_other_files_alone(run: Run, tmp_path: Path) -> None:
    other = write(tmp_path, slug="not-imported-yet")
    make_prompt()
    run("export", tmp_path)
    assert other.exists()


def test_a_file_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    make_prompt()
    (tmp_path / "greeting.md").mkdir()
    assert run("export", tmp_path) == (2, ["greeting.md: It cannot be written: Is a directory."])


# Import


def test_import_makes_a_version_of_what_differs_and_moves_nothing(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt("Be kind.")
    write(tmp_path, "Be dry.")
    assert run("import", tmp_path) == (0, ["greeting.md: version 2, not in production"])
    newest = prompt.versions.get(number=2)
    assert (newest.content, newest.note, newest.author) == (
        content("Be dry."),
        "Imported from greeting.md",
        None,
    )
    assert prompt.labelled() == prompt.versions.get(number=1)


def test_import_creates_a_prompt_and_puts_it_nowhere(run: Run, tmp_path: Path) -> None:
    write(tmp_path, title="Hello there", description="Says hello.")
    assert run("import", tmp_path) == (0, ["greeting.md: new prompt, version 1, not in production"])
    prompt = Prompt.objects.get()
    assert (prompt.slug, prompt.title, prompt.description) == ("greeting", "Hello there", "Says hello.")
    assert prompt.labelled() is None


def test_a_new_prompt_is_published_when_asked(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    assert run("import", tmp_path, "--publish") == (
        0,
        ["greeting.md: new prompt, version 1", "greeting.md: production is version 1 now"],
    )


def test_importing_again_changes_nothing(run: Run, tmp_path: Path) -> None:
    make_prompt()
    write(tmp_path, "Be dry.")
    run("import", tmp_path, "--publish")
    for more in ([], ["--publish"]):
        assert run("import", tmp_path, *more) == (0, ["Nothing to import: the database says the same."])
    prompt = Prompt.objects.get()
    assert (prompt.versions.count(), prompt.moves.count()) == (2, 2)


def test_publish_moves_production_and_is_audited(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt()
    write(tmp_path, "Be dry.")
    lines = ["greeting.md: version 2", "greeting.md: production is version 2 now"]
    assert run("import", tmp_path, "--publish") == (0, lines)
    move = prompt.moves.all()[0]
    assert (str(move), move.why) == ("production from 1 to 2", "Imported from greeting.md")


def test_publish_after_an_import_without_it_needs_no_new_version(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt()
    write(tmp_path, "Be dry.")
    run("import", tmp_path)
    assert run("import", tmp_path, "--publish") == (0, ["greeting.md: production is version 2 now"])
    assert prompt.labelled() == prompt.versions.get(number=2)


def test_import_takes_over_title_and_description_without_a_version(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt()
    write(tmp_path, title="Hello")
    assert run("import", tmp_path) == (0, ["greeting.md: title and description taken over"])
    prompt.refresh_from_db()
    assert (prompt.title, prompt.versions.count()) == ("Hello", 1)


def test_the_author_is_who_committed_the_file(run: Run, tmp_path: Path, alice: User) -> None:
    alice.email = ADA.email
    alice.save()
    path = write(tmp_path)
    commit(path, path.read_text())
    run("import", tmp_path)
    version = Prompt.objects.get().versions.get()
    assert (version.author, version.note) == (alice, "Imported from greeting.md")


def test_an_author_without_an_account_is_named_in_the_note(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path)
    commit(path, path.read_text())
    run("import", tmp_path)
    version = Prompt.objects.get().versions.get()
    assert (version.author, version.note) == (None, "Imported from greeting.md, written by Ada Lovelace")


def test_line_ends_and_a_byte_order_mark_make_no_difference(run: Run, tmp_path: Path) -> None:
    make_prompt("a\nb")
    path = write(tmp_path, "a\nb")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("import", tmp_path)[1] == ["Nothing to import: the database says the same."]
    assert run("check", tmp_path)[0] == 0


# Check


def test_check_is_silent_about_what_is_equal(run: Run, tmp_path: Path) -> None:
    make_prompt("one", "two")
    run("export", tmp_path)
    assert run("check", tmp_path) == (0, ["Files and database say the same."])


def test_check_tells_every_difference_in_a_line_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    make_prompt(content("Be kind.", temperature=0.5))
    make_prompt(slug="farewell")
    write(tmp_path, "Be dry.")
    write(tmp_path, slug="unknown")
    assert run("check", tmp_path) == (
        1,
        [
            "farewell.md: There is no such file. The database has the prompt, version 1.",
            'greeting.md: message 1 is "system: Be dry." in the file and "system: Be kind." in version 1.',
            'greeting.md: temperature is not set in the file and "0.5" in version 1.',
            "unknown.md: The database has no prompt “unknown”.",
        ],
    )
    assert Prompt.objects.count() == 2


def test_check_looks_at_the_newest_version_whatever_is_active(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt("one", "two")
    run("export", tmp_path)
    activate(prompt, 1)
    assert run("check", tmp_path)[0] == 0


def test_the_files_that_ship_are_what_a_fresh_install_has(run: Run) -> None:
    service.install_starters()
    assert run("check", files.STARTERS) == (0, ["Files and database say the same."])


# Files that cannot be used


@pytest.mark.parametrize("action", ["import", "check"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"Hello", "The file must start with front matter between two lines of ---."),
        (b"---\nslug: broken\ntitle: b\n---\n", "/messages: Write what the model should do."),
        (
            b"---\nslug: other\ntitle: b\n---\n<!-- user -->\nHi",
            "Its slug is “other”. Name the file other.md",
        ),
        (b"---\nslug: a/../b\ntitle: b\n---\n<!-- user -->\nHi", "The front matter is wrong at “slug”"),
        (b'---\nslug: broken\ntitle: ""\n---\n<!-- user -->\nHi', "The front matter is wrong at “title”"),
        (
            b'---\nslug: broken\ntitle: "\\u0000"\n---\n<!-- user -->\nHi',
            "The title or description has a character",
        ),
        (
            b"---\nslug: broken\ntitle: b\n---\n<!-- user -->\n{{ nick }}",
            "/messages/0/content: {{ nick }} is",
        ),
        (b"---\nslug: broken\ntitle: b\ncache_ttl: -1\n---\n<!-- user -->\nHi", "/cache_ttl: Give a whole"),
        (b"\xff\xfe", "It is not UTF-8 text."),
    ],
)
def test_a_broken_file_is_one_line_with_its_name(
    run: Run, tmp_path: Path, action: str, data: bytes, says: str
) -> None:
    write(tmp_path)
    (tmp_path / "broken.md").write_bytes(data)
    code, lines = run(action, tmp_path)
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith(f"broken.md: {says}")
    assert not Prompt.objects.exists()  # the good file waits, too


def test_every_broken_file_is_named(run: Run, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("Hello")
    code, lines = run("import", tmp_path)
    assert (code, [line[:5] for line in lines]) == (2, ["a.md:", "b.md:"])


def test_a_folder_named_like_a_file_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    assert run("check", tmp_path) == (2, ["a.md: It cannot be read: Is a directory."])


@pytest.mark.parametrize("action", ["import", "check"])
def test_a_folder_that_is_not_there_is_told(run: Run, tmp_path: Path, action: str) -> None:
    assert run(action, tmp_path / "none") == (2, [f"{tmp_path / 'none'}: There is no such folder."])


# There and back


def test_an_edit_goes_from_the_admin_to_a_file_and_back(run: Run, tmp_path: Path) -> None:
    prompt = make_prompt("Be kind.")
    run("export", tmp_path)
    service.save_version(prompt, replace(content("Be dry."), cache_ttl=0), author=None)
    assert run("check", tmp_path)[0] == 1
    run("export", tmp_path)
    path = tmp_path / "greeting.md"
    path.write_text(path.read_text().replace("Be dry.", "Be brief."))
    assert run("import", tmp_path)[0] == 0
    newest: Any = prompt.versions.first()
    assert (newest.number, newest.messages[0]["content"], newest.cache_ttl) == (3, "Be brief.", 0)
    assert run("check", tmp_path)[0] == 0

"""The prompts that code asks for exist and take what the code gives."""

import ast
from pathlib import Path

import pytest
from django.core.management import call_command

from prompts import files, service, uses
from prompts.models import Prompt
from prompts.uses import check_uses
from tests.prompts.factories import activate, content, make_prompt

ROOT = Path(__file__).resolve().parent.parent.parent


def said() -> list[str]:
    return [str(warning.msg) for warning in check_uses(None, databases=["default"])]


@pytest.mark.django_db
def test_what_ships_fits_the_code() -> None:
    service.install_starters()
    assert said() == []
    for starter in files.starters():
        assert list(uses.mismatches(starter.slug, starter.content)) == []


@pytest.mark.django_db
def test_a_version_that_does_not_fit_is_told() -> None:
    service.install_starters()
    prompt = Prompt.objects.get(slug="title")
    service.save_version(prompt, content("Name it."), author=None)
    assert said() == []
    activate(prompt, 2)
    assert said() == ["“title” does not take “text”, which the code gives."]


@pytest.mark.django_db
def test_a_prompt_that_is_not_live_is_told() -> None:
    make_prompt(slug="assistant")
    assert len(said()) == len(uses.uses()) - 1
    assert "The code asks for the prompt “title”, and none of that name is live." in said()


@pytest.mark.django_db
def test_an_empty_site_and_a_check_without_a_database_are_silent() -> None:
    assert said() == []
    make_prompt(slug="assistant")
    assert check_uses(None) == []
    call_command("check")


def test_every_prompt_that_code_names_is_declared() -> None:
    named = {value for app in ("chat", "llm", "config") for value in _named(ROOT / app)}
    assert named == set(uses.uses())


def _named(app: Path) -> set[str]:
    """Return the slugs in the code: constants given to `render`, and `prompt=` of registered schemas."""
    found = set()
    for path in app.rglob("*.py"):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"prompts.render", "prompts.find"}:
                found |= {
                    constants[name.id]
                    for name in ast.walk(node.args[0])
                    if isinstance(name, ast.Name) and name.id in constants
                }
                found |= {c.value for c in ast.walk(node.args[0]) if isinstance(c, ast.Constant)}
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "register":
                found |= {
                    word.value.value
                    for word in node.keywords
                    if word.arg == "prompt" and isinstance(word.value, ast.Constant)
                }
    return {value for value in found if isinstance(value, str)}

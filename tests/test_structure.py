"""What keeps the house in order: who may import whom, and what may stand where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("config", "chat", "prompts", "llm")
FORBIDDEN = {"llm": ("chat", "prompts", "config"), "prompts": ("chat", "config"), "chat": ("config",)}


def modules(app: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def imports(node: ast.AST) -> Iterator[str]:
    """Yield what a module imports when it runs; imports for types alone are not among them."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


@pytest.mark.parametrize("app", FORBIDDEN)
def test_an_app_imports_only_what_stands_below_it(app: str) -> None:
    found = [
        f"{path} imports {name}"
        for path, tree in modules(app)
        for name in imports(tree)
        if name.split(".")[0] in FORBIDDEN[app]
    ]
    assert found == []


def test_the_vendors_sdks_are_imported_by_the_providers_alone() -> None:
    found = [
        str(path)
        for app in APPS
        for path, tree in modules(app)
        if {"openai", "anthropic"} & {name.split(".")[0] for name in imports(tree)}
        and path.parts[:2] != ("llm", "providers")
    ]
    assert found == []


def test_the_environment_is_read_in_config_alone() -> None:
    found = [
        str(path)
        for app in ("chat", "prompts", "llm")
        for path, tree in modules(app)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert found == []

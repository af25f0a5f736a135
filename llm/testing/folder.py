"""Where recordings are: one file a test, `tests/recordings/<path of its module>/<its name>.yaml`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The recordings that the collected tests have, and the folders of modules whose tests are all known."""

    files: frozenset[Path]
    folders: frozenset[Path]


EXPECTED = pytest.StashKey[Expected]()


def root(config: pytest.Config) -> Path:
    """Return the folder of all recordings."""
    folder: str = config.getini("llm_recordings")
    return config.rootpath / folder


def path_of(item: pytest.Item) -> Path:
    """Return the file of a test."""
    name = re.sub(r"[^\w.-]+", "-", item.name).strip("-")
    return _folder_of(item.config, item.path) / f"{name}.yaml"


def _folder_of(config: pytest.Config, module: Path) -> Path:
    home = root(config)
    base = home.parent if module.is_relative_to(home.parent) else config.rootpath
    return home / module.relative_to(base).with_suffix("")


def expected(config: pytest.Config, items: Iterable[pytest.Item]) -> Expected:
    """Look at all that was collected; a module that was named with `::` is known in part only."""
    items = list(items)
    in_part = config.getoption("lf", default=False) or any("::" in arg for arg in config.args)
    recorded = [item for item in items if "recording" in getattr(item, "fixturenames", ())]
    modules = () if in_part else {item.path for item in items}
    return Expected(
        files=frozenset(path_of(item) for item in recorded),
        folders=frozenset(_folder_of(config, module) for module in modules),
    )


def orphans(config: pytest.Config) -> list[Path]:
    """Return the recordings without a test: its module is gone, or was collected and has no such test."""
    known = config.stash[EXPECTED]
    return sorted(
        file
        for file in root(config).rglob("*.yaml")
        if file not in known.files and (file.parent in known.folders or not _module_exists(config, file))
    )


def _module_exists(config: pytest.Config, file: Path) -> bool:
    module = file.parent.relative_to(root(config)).with_suffix(".py")
    return (root(config).parent / module).exists() or (config.rootpath / module).exists()

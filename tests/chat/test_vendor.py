"""What came from elsewhere is what its manifest says it is."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import chat
from tests import browser

VENDOR = Path(chat.__file__).parent / "static" / "chat" / "vendor"
AXE = Path(browser.__file__).parent / "axe.json"


def listed(manifest: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = json.loads(manifest.read_text())["files"]
    return files


FILES = [(folder.parent, entry) for folder in (VENDOR / "manifest.json", AXE) for entry in listed(folder)]


@pytest.mark.parametrize(
    ("folder", "entry"), FILES, ids=lambda value: value.get("file") if isinstance(value, dict) else ""
)
def test_a_file_has_the_hash_version_and_licence_that_are_written_down(
    folder: Path, entry: dict[str, Any]
) -> None:
    content = (folder / entry["file"]).read_bytes()
    assert entry["sha384"] == f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"
    assert entry["integrity"].startswith("sha512-")
    assert entry["version"] in content[:400].decode()
    assert entry["licence"]


def test_nothing_else_is_vendored() -> None:
    named = {entry["file"] for entry in listed(VENDOR / "manifest.json")}
    assert {path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css"}} == named
    for name in named:
        assert (VENDOR / name).with_suffix(".LICENSE.txt").exists()


@pytest.mark.parametrize("path", sorted(VENDOR.iterdir()), ids=lambda path: path.name)
def test_no_file_names_a_registry_or_needs_eval(path: Path) -> None:
    content = path.read_text()
    for word in ("registry.", "sourceMappingURL", "new Function(", "eval("):
        assert word not in content

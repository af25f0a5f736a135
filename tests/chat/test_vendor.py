"""What came from elsewhere is what its manifest says it is."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests import browser

VENDORS = [Path(settings.BASE_DIR) / app / "static" / app / "vendor" for app in ("chat", "llm")]
AXE = Path(browser.__file__).parent / "axe.json"


def listed(manifest: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = json.loads(manifest.read_text())["files"]
    return files


MANIFESTS = [*(vendor / "manifest.json" for vendor in VENDORS), AXE]
FILES = [(manifest.parent, entry) for manifest in MANIFESTS for entry in listed(manifest)]


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


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.parent.name)
def test_nothing_else_is_vendored(vendor: Path) -> None:
    named = {entry["file"] for entry in listed(vendor / "manifest.json")}
    assert {path.name for path in vendor.iterdir() if path.suffix in {".js", ".css"}} == named
    for name in named:
        assert (vendor / name).with_suffix(".LICENSE.txt").exists()


@pytest.mark.parametrize(
    "path", sorted(path for vendor in VENDORS for path in vendor.iterdir()), ids=lambda path: path.name
)
def test_no_file_names_a_registry_or_needs_eval(path: Path) -> None:
    content = path.read_text()
    for word in ("registry.", "sourceMappingURL", "new Function(", "eval("):
        assert word not in content

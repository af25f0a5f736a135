"""What the README shows of files is their text, to the letter; those files run in the suite."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"^`(tests/samples/\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCREEN = 45  # lines
shown = dict(SHOWN.findall((ROOT / "README.md").read_text()))
samples = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "tests/samples").glob("*.py")
    if path.name != "__init__.py"
)


def test_every_sample_is_shown() -> None:
    assert sorted(shown) == samples


@pytest.mark.parametrize("name", samples)
def test_a_sample_is_shown_as_it_is(name: str) -> None:
    text = (ROOT / name).read_text()
    assert shown.get(name) == text
    assert len(text.splitlines()) <= SCREEN

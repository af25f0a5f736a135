"""What the README shows of files is their text, to the letter; those files run in the suite.

Its shortest example is run here, as it stands there.
"""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from llm.testing import assert_llm_calls, script

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"^`(tests/samples/\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^```python\n([^`]*feature=\"greeting\".*?)^```$", re.MULTILINE | re.DOTALL)
SCREEN = 45  # lines
readme = (ROOT / "README.md").read_text()
shown = dict(SHOWN.findall(readme))
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


async def test_the_example_of_a_call_is_one() -> None:
    [example] = CALL.findall(readme)
    code = compile(example, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {}
    with script("Hello to you.") as model, assert_llm_calls(1, feature="greeting"):
        await eval(code, names)  # noqa: S307 it is our own README
    assert names["reply"].text == "Hello to you."
    assert model.requests[0].messages[-1].content == "Hello"

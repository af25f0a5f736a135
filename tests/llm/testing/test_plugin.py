"""The plugin in somebody else's project: pytest runs there in a process of its own, once for all tests."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
STRAY = "tests/recordings/test_gone/test_once.yaml"
PROJECT = {
    "pytest.ini": """
        [pytest]
        asyncio_mode = auto
        django_find_project = false
        addopts = --strict-markers -p no:cacheprovider
    """,
    "conftest.py": """
        pytest_plugins = ["llm.testing.plugin"]
    """,
    "test_feature.py": """
        import pytest
        from django.conf import settings

        import llm

        HELLO = llm.Request(messages=(llm.Message.user("Hello"),), model="openai:gpt-5.6-luna")

        async def test_by_default():
            await llm.run(HELLO)

        @pytest.mark.model_calls
        def test_marked():
            assert settings.ALLOW_MODEL_CALLS

        def test_after_the_marked_one():
            assert not settings.ALLOW_MODEL_CALLS

        async def test_scripted(script):
            script("Hi.")
            assert (await llm.run(HELLO)).text == "Hi."

        async def test_not_recorded(recording):
            await llm.run(HELLO)

        def test_stray(orphaned_recordings):
            assert [path.name for path in orphaned_recordings] == []
    """,
    STRAY: "interactions: []",
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each test of the project failed with; "" for one that passed."""
    home = tmp_path_factory.mktemp("project")
    for name, text in PROJECT.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        lines = text.removeprefix("\n").splitlines()
        (home / name).write_text("\n".join(line.removeprefix(" " * 8) for line in lines))
    command = [sys.executable, "-m", "pytest", "--junitxml=told.xml", "--ds=tests.settings"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    told = ElementTree.parse(home / "told.xml").iter("testcase")  # noqa: S314 pytest has just written it
    return {case.attrib["name"]: "".join(fault.text or "" for fault in case) for case in told}


@pytest.mark.parametrize("name", ["test_marked", "test_after_the_marked_one", "test_scripted"])
def test_what_is_scripted_or_marked_passes(failures: dict[str, str], name: str) -> None:
    assert failures[name] == ""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("test_by_default", "ModelCallForbidden"),
        ("test_not_recorded", "pytest --record 'test_feature.py::test_not_recorded'"),
        ("test_stray", "test_once.yaml"),
    ],
)
def test_what_would_ask_a_model_or_belongs_to_nobody_fails(
    failures: dict[str, str], name: str, told: str
) -> None:
    assert told in failures[name]

"""The pytest plugin: `pytest_plugins = ["llm.testing.plugin"]` in the top conftest.py turns it on.

No test calls a model then, unless it is marked `model_calls` or asks for `allow_model_calls`. Fixtures:
`script` answers from a script, `recording` from what was recorded; `--record` records anew.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llm.testing import folder

if TYPE_CHECKING:
    from config.environment import Environment
    from llm.providers.scripted import Scripted
    from llm.testing.recording import Recording

NOWHERE = "http://127.0.0.1:9"  # where a replay would go if anything got past the recording
MARK = "model_calls: may call real models"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="ask real models and record the exchanges of the tests that run"
    )
    parser.addini("llm_recordings", "the folder of recordings", default="tests/recordings")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.hookimpl(tryfirst=True)  # before others take tests out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[folder.EXPECTED] = folder.expected(config, items)


@pytest.fixture(autouse=True)
def _own_process_loop() -> Iterator[None]:
    """Each test ends with everything of its loop closed, clients and connections included."""
    from llm import runloop

    yield
    runloop.stop()


@pytest.fixture(autouse=True)
def _no_model_calls(request: pytest.FixtureRequest, _own_process_loop: None) -> Iterator[None]:
    from django.test import override_settings

    marked = request.node.get_closest_marker("model_calls") is not None
    with override_settings(ALLOW_MODEL_CALLS=marked):
        yield


@pytest.fixture
def allow_model_calls(_no_model_calls: None) -> Iterator[None]:
    """Let the test call the models that its settings name, for example a server of its own."""
    from django.test import override_settings

    with override_settings(ALLOW_MODEL_CALLS=True):
        yield


@pytest.fixture
def script() -> Iterator[Callable[..., "Scripted"]]:
    """`model = script("Hello.", ...)` answers from then on in this test; see llm.testing.script."""
    from llm.testing.scripting import script as scripted

    with ExitStack() as scripts:
        yield lambda *steps, **how: scripts.enter_context(scripted(*steps, **how))


@pytest.fixture(scope="session")
def recording_site(request: pytest.FixtureRequest) -> Iterator["Environment"]:
    """The settings under which exchanges are recorded: every provider is the local model.

    A project that records others overrides this fixture and returns its own, with its keys; a replay takes
    from it addresses and models only.
    """
    from django.conf import settings

    from llm.testing.local import local_model

    with ExitStack() as servers:
        recorded = request.config.getoption("record")
        options = ("--template", str(Path(__file__).with_name("tools.jinja")))
        url = servers.enter_context(local_model(*options)) if recorded else NOWHERE
        addresses = {
            "openai_base_url": f"{url}/v1",
            "anthropic_base_url": url,
            "parley_local_url": url,
        }
        yield settings.PARLEY.model_copy(update=addresses)


@pytest.fixture
def recording(request: pytest.FixtureRequest, recording_site: "Environment") -> Iterator["Recording"]:
    """Answer this test's calls from its recording; with --record ask in earnest and keep the exchanges.

    `recording_site` names the providers. The test fails where its requests are not those that were recorded.
    """
    from llm.testing.recording import Recording

    path = folder.path_of(request.node)
    here = Recording(path=path, again=f"uv run pytest --record '{request.node.nodeid}'")
    play = here.made if request.config.getoption("record") else here.replayed
    with play(recording_site):
        yield here


@pytest.fixture
def orphaned_recordings(request: pytest.FixtureRequest) -> Sequence[Path]:
    """The recordings that belong to no test any more; `assert not orphaned_recordings` in one of yours."""
    config: Any = request.config
    return folder.orphans(config)

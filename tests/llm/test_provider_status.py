"""How providers do, the page that shows it, and the test that says what came back."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pydantic import SecretStr
from pytest_django.fixtures import Settings

from llm import provider_status
from llm.models import Call
from tests.wire.answers import status, text
from tests.wire.server import WireServer


@pytest.fixture
def site(settings: Settings) -> "Site":
    return Site(settings)


class Site:
    """Changes the site's environment for a test."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def has(self, **values: Any) -> None:
        self.settings.PARLEY = self.settings.PARLEY.model_copy(update=values)


class HealthServer(ThreadingHTTPServer):
    """Answers /health with `code`, or keeps silent for 0."""

    code = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Health)
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Health(BaseHTTPRequestHandler):
    server: HealthServer

    def do_GET(self) -> None:
        if not self.server.code:
            self.server.over.wait(5)
            return
        self.send_response(self.server.code if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def health() -> Iterator[HealthServer]:
    with HealthServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


class TestStates:
    async def test_a_provider_without_a_key_says_so(self) -> None:
        states = await provider_status.states()
        assert states["openai"] == states["anthropic"] == {"state": "no_key"}

    async def test_a_key_or_an_own_server_is_enough(self, site: Site) -> None:
        site.has(anthropic_api_key=SecretStr("sk-ant-x"), openai_base_url="http://127.0.0.1:11434/v1")
        states = await provider_status.states()
        assert states["openai"] == states["anthropic"] == {"state": "ok"}

    @pytest.mark.parametrize(("code", "state"), [(200, "ok"), (503, "down"), (0, "down")])
    async def test_the_local_model_is_asked(
        self, site: Site, health: HealthServer, code: int, state: str
    ) -> None:
        health.code = code
        site.has(parley_local_url=health.url)
        assert (await provider_status.states())["local"] == {"state": state}

    async def test_nobody_there_is_down(self, site: Site) -> None:
        site.has(parley_local_url="http://127.0.0.1:1/v1")
        assert (await provider_status.states())["local"] == {"state": "down"}

    async def test_in_the_chain_and_not_running_is_down(self) -> None:
        assert (await provider_status.states())["local"] == {"state": "down"}

    async def test_not_wanted_is_off(self, site: Site) -> None:
        site.has(parley_models="openai:gpt-5.6-luna")
        assert (await provider_status.states())["local"] == {"state": "off"}


@pytest.mark.model_calls
@pytest.mark.django_db(transaction=True)
class TestTest:
    async def test_says_what_came_back(self, site: Site) -> None:
        with WireServer() as server:
            server.script(text("Hi"))
            site.has(parley_local_url=server.openai_url)
            result = await provider_status.test("local")
        assert result.ok
        assert result.sentence.startswith("smollm2 answered “Hi” in ")
        assert result.sentence.endswith("; 18 tokens, free.")

    async def test_is_booked_as_a_test(self, site: Site) -> None:
        with WireServer() as server:
            server.script(text("Hi"))
            site.has(parley_local_url=server.openai_url)
            await provider_status.test("local")
        call = await Call.objects.aget()
        assert (call.feature, call.model, call.outcome) == ("test", "smollm2", "ok")

    async def test_asks_the_first_model_of_the_chain(self, site: Site) -> None:
        with WireServer() as server:
            server.script(text("Hi"))
            site.has(
                parley_models="anthropic:a,openai:Qwen/Qwen3-8B,openai:b",
                openai_base_url=server.openai_url,
            )
            result = await provider_status.test("openai")
            assert server.requests[0].body["model"] == "Qwen/Qwen3-8B"
        assert result.sentence.endswith("price unknown.")

    async def test_says_what_went_wrong(self, site: Site) -> None:
        with WireServer() as server:
            server.always(status(401))
            site.has(anthropic_api_key=SecretStr("sk-ant-wrong"), anthropic_base_url=server.anthropic_url)
            result = await provider_status.test("anthropic")
        assert not result.ok
        assert result.sentence.startswith("claude-haiku-5-5 did not answer. ")
        assert "sk-ant-wrong" not in result.sentence


class TestPage:
    def test_is_for_staff(self, alice: User, client: Client) -> None:
        assert client.get("/providers/").status_code == 302
        client.force_login(alice)
        assert client.get("/providers/").status_code == 403
        assert client.post("/providers/local/test/").status_code == 403
        assert not Call.objects.exists()

    def test_shows_states_and_the_lines_to_add(self, carol: User, client: Client) -> None:
        html = self._page(carol, client)
        for words in (
            "No key",
            "Not running",
            "OPENAI_API_KEY=sk-...",
            "ANTHROPIC_API_KEY=sk-ant-...",
            "OPENAI_BASE_URL=http://127.0.0.1:11434/v1",
            "PARLEY_MODELS=openai:",
            "A small demo model (135 million parameters) that runs on this machine",
        ):
            assert words in html

    def test_shows_nothing_of_a_key(self, carol: User, client: Client, site: Site) -> None:
        site.has(openai_api_key=SecretStr("sk-proj-verysecret"))
        html = self._page(carol, client)
        assert "verysecret" not in html
        assert "cret" not in html

    def test_wants_a_token_for_a_test(self, carol: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(carol)
        assert strict.post("/providers/local/test/").status_code == 403

    def test_tests_by_post_only_and_what_exists_only(self, carol: User, client: Client) -> None:
        client.force_login(carol)
        assert client.get("/providers/local/test/").status_code == 405
        assert client.post("/providers/scripted/test/").status_code == 404

    def _page(self, who: User, client: Client) -> str:
        client.force_login(who)
        return client.get("/providers/").content.decode()


@pytest.mark.model_calls
@pytest.mark.django_db(transaction=True)
def test_the_button_tells_once_what_came_back(client: Client, site: Site) -> None:
    client.force_login(User.objects.create_superuser("dora"))
    with WireServer() as server:
        server.script(text("Hello"))
        site.has(parley_local_url=server.openai_url)
        answer = client.post("/providers/local/test/")
        assert answer["Location"] == "/providers/#local"
        told = client.get("/providers/").content.decode()
    assert "smollm2 answered “Hello” in" in told
    assert "smollm2 answered" not in client.get("/providers/").content.decode()
    assert Call.objects.get().user == User.objects.get()

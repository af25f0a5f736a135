"""The client works from wherever the project calls it, on the one loop, with one set of connections."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import BaseCommand, call_command
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

import llm
from config.environment import Environment
from llm import runloop
from llm.client import client
from llm.errors import Misconfigured, Unavailable
from llm.models import Call
from tests.llm.layers.fakes import Collected, ask
from tests.wire import WireServer, wire
from tests.wire.answers import cut_after, text

__all__ = ["wire"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def question() -> llm.Request:
    """Return a request of its own: nothing that was kept answers it."""
    return ask(str(uuid.uuid4()), model=None)


async def from_an_async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse((await llm.run(question())).text)


def from_a_sync_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(runloop.wait(llm.run(question())).text)


urlpatterns = [
    path("async/", from_an_async_view),
    path("sync/", from_a_sync_view),
    path("admin/try/", admin.site.admin_view(from_a_sync_view)),
    path("admin/", admin.site.urls),
]


class Try(BaseCommand):
    def handle(self, *args: Any, **options: Any) -> str:
        return runloop.wait(llm.run(question())).text


@pytest.fixture
def upstream(wire: WireServer, settings: Any) -> WireServer:
    """The local model is a scripted server that always says "Hi there"."""
    settings.PARLEY = Environment(parley_local_url=wire.url, parley_rate="1000/minute")
    return wire.always(text("Hi ", "there"))


async def the_client() -> object:
    return client()


@pytest.mark.parametrize("address", ["/async/", "/sync/"])
async def test_a_request_of_an_async_server_is_answered(upstream: WireServer, address: str) -> None:
    response = await AsyncClient().get(address)
    assert response.content == b"Hi there"


@pytest.mark.parametrize("address", ["/async/", "/sync/"])
def test_a_request_of_a_sync_server_is_answered(upstream: WireServer, address: str) -> None:
    assert Client().get(address).content == b"Hi there"


def test_the_admin_is_answered(upstream: WireServer, carol: User) -> None:
    browser = Client()
    browser.force_login(carol)
    assert browser.get("/admin/try/").content == b"Hi there"


def test_a_command_is_answered(upstream: WireServer) -> None:
    assert call_command(Try()) == "Hi there"


def test_threads_are_answered_at_the_same_time(upstream: WireServer) -> None:
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(runloop.wait, llm.run(question())) for _ in range(2)]
        assert [answered.result().text for answered in waiting] == ["Hi there"] * 2


async def test_all_of_them_use_the_same_connections(upstream: WireServer) -> None:
    """Any loop of its own for one of them would say "Event loop is closed" to the next."""
    before = await runloop.join(the_client())
    for _ in range(2):
        await AsyncClient().get("/async/")
        await asyncio.to_thread(Client().get, "/async/")
        await asyncio.to_thread(Client().get, "/sync/")
        await asyncio.to_thread(call_command, Try())
        await llm.run(question())
    assert await runloop.join(the_client()) is before
    assert upstream.connections <= 2


async def test_deltas_come_in_the_loop_of_the_caller(upstream: WireServer) -> None:
    loops, reader = set(), Collected()

    async def emit(delta: llm.Delta) -> None:
        loops.add(asyncio.get_running_loop())
        await reader(delta)

    reply = await llm.run(question(), emit)
    assert (reader.text, reply.text) == ("Hi there", "Hi there")
    assert loops == {asyncio.get_running_loop()}


async def test_a_stop_closes_the_upstream_and_is_on_the_books(upstream: WireServer) -> None:
    gate, reader = upstream.gate(), Collected()
    upstream.script(text("Once ", "upon ", "a time", gate=gate))
    task = asyncio.create_task(llm.run(question(), reader))
    gate.let()
    await upstream.until(lambda: bool(reader.texts))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.until(lambda: upstream.requests[0].closed)
    call = await Call.objects.aget()
    assert (call.outcome, call.output_tokens > 0) == ("stopped", True)


async def test_every_call_has_its_row(upstream: WireServer) -> None:
    reply = await llm.run(question())
    call = await Call.objects.aget()
    assert (call.request_id, call.outcome, call.model) == (reply.request_id, "ok", "smollm2")
    assert (call.input_tokens, call.output_tokens, call.cost) == (11, 7, Decimal(0))


async def test_a_break_in_mid_answer_is_an_error_with_what_came(upstream: WireServer) -> None:
    upstream.script(cut_after("Once ", "upon "))
    reader = Collected()
    with pytest.raises(Unavailable) as error:
        await llm.run(question(), reader)
    assert reader.text == "Once upon "
    assert error.value.partial is not None
    assert error.value.partial.text == "Once upon "


@pytest.mark.model_calls
async def test_without_a_model_the_error_says_what_to_set(settings: Any) -> None:
    settings.PARLEY = Environment()
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY"):
        await llm.run(question())

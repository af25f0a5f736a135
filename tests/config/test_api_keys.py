"""Keys open the API; where the header is present it alone decides."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.utils import timezone

from llm.models import ApiKey, Call
from tests.config.calling import SENTIMENT, api, key, model, problem, prompts, stranger, wire
from tests.config.calling import Call as Caller
from tests.wire import WireServer, text

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]

pytestmark = pytest.mark.django_db(transaction=True)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_without_a_key_the_answer_says_how(stranger: Caller) -> None:
    response = await stranger("GET", "/schemas")
    assert "Bearer" in problem(response, 401, "unauthenticated")["detail"]
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "parley_x", "Bearer parley_x", "Bearer x", "Bearer parley_é"],
)
async def test_a_wrong_header_is_unauthenticated(stranger: Caller, key: str, header: str) -> None:
    problem(await stranger("GET", "/schemas", headers={"Authorization": header}), 401, "unauthenticated")


@pytest.mark.parametrize("near", ["{key}x", "{key} x", "{short}"])
async def test_a_key_is_compared_whole(stranger: Caller, key: str, near: str) -> None:
    wrong = near.format(key=key, short=key[:-1])
    problem(await stranger("GET", "/schemas", headers=bearer(wrong)), 401, "unauthenticated")


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
async def test_a_closed_key_opens_nothing(api: Caller, change: dict[str, Any]) -> None:
    await ApiKey.objects.aupdate(**change)
    problem(await api("GET", "/schemas"), 401, "unauthenticated")


async def test_the_key_of_an_inactive_person_opens_nothing(api: Caller) -> None:
    await User.objects.aupdate(is_active=False)
    problem(await api("GET", "/schemas"), 401, "unauthenticated")


async def post(client: AsyncClient, key: str) -> Any:
    return await client.post(
        "/api/v1/extract/sentiment",
        '{"text": "a"}',
        content_type="application/json",
        headers=bearer(key),
    )


async def test_a_wrong_key_is_not_saved_by_a_session(alice: User) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    await client.aforce_login(alice)
    problem(await post(client, "parley_wrong"), 401, "unauthenticated")


async def test_a_key_needs_no_csrf_token(key: str, model: WireServer) -> None:
    model.script(text(SENTIMENT))
    assert (await post(AsyncClient(enforce_csrf_checks=True), key)).status_code == 200


async def test_the_call_is_booked_to_the_person_and_the_key(
    api: Caller, alice: User, model: WireServer
) -> None:
    model.script(text(SENTIMENT))
    reply = await api("POST", "/extract/sentiment", {"text": "I love it."})
    call = await Call.objects.aget(request_id=reply.json()["request_id"])
    row = await ApiKey.objects.aget()
    assert (call.user_id, call.key_id, call.feature) == (alice.pk, row.pk, "extract")


async def test_the_last_use_is_noted_once_a_minute(api: Caller) -> None:
    await api("GET", "/schemas")
    first = (await ApiKey.objects.aget()).last_used_at
    assert first is not None
    await api("GET", "/schemas")
    assert (await ApiKey.objects.aget()).last_used_at == first
    await ApiKey.objects.aupdate(last_used_at=first - timedelta(minutes=2))
    await api("GET", "/schemas")
    assert (await ApiKey.objects.aget()).last_used_at >= first  # type: ignore[operator]


async def test_health_and_ready_need_no_key(stranger: Caller) -> None:
    assert (await stranger("GET", "/health")).status_code == 200
    assert (await stranger("GET", "/ready")).status_code in {200, 503}

"""A database that does not answer, and what nobody foresaw, told in the shape that is expected there."""

import json

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path

from config.urls import handler500
from llm.gateway.errors import told

__all__ = ["handler500"]


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the connection is closed")


async def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("secret detail")


urlpatterns = [path("away/", away), path("broken/", broken)]


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("address", "status", "says"),
    [("/away/", 503, "The database does not answer"), ("/broken/", 500, "This page could not be made")],
)
async def test_a_page_that_could_not_be_made(address: str, status: int, says: str) -> None:
    found = await AsyncClient(raise_request_exception=False).get(address)
    assert found.status_code == status
    assert says in found.content.decode()
    assert "secret detail" not in found.content.decode()
    assert found.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("gone"), 503, "unavailable"),
        (InterfaceError("gone"), 503, "unavailable"),
        (ValueError("secret detail"), 500, "fault"),
    ],
)
def test_a_client_of_openai_is_told_in_its_own_shape(error: Exception, status: int, code: str) -> None:
    found = told(error)
    said = json.loads(found.content)["error"]
    assert (found.status_code, said["code"], said["type"]) == (status, code, "api_error")
    assert "secret detail" not in said["message"]
    assert found.get("Retry-After") == ("5" if status == 503 else None)

"""Exceptions to problems, one by one."""

import json
import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from ninja.errors import HttpError, Throttled

from config import problems
from llm.errors import BudgetExceeded, LLMError, NoPrice, RateLimited, TimedOut, Unavailable
from prompts.errors import InvalidPrompt, UnknownPrompt


def told(error: Exception) -> tuple[int, dict[str, Any], str | None]:
    response = problems.of(RequestFactory().get("/api/v1/x"), error)
    return response.status_code, json.loads(response.content), response.get("Retry-After")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RateLimited(), 429, "rate_limited"),
        (Unavailable(), 503, "unavailable"),
        (TimedOut(), 504, "timed_out"),
        (BudgetExceeded(), 402, "over_budget"),
        (NoPrice(), 422, "no_price"),
        (UnknownPrompt("There is no prompt."), 404, "not_found"),
        (InvalidPrompt("It cannot be saved."), 422, "invalid"),
        (Http404("secret detail"), 404, "not_found"),
        (PermissionDenied("secret detail"), 403, "forbidden"),
        (HttpError(409, "Somebody was faster."), 409, "conflict"),
        (Throttled(wait=3), 429, "rate_limited"),
        (OperationalError("gone"), 503, "unavailable"),
    ],
)
def test_every_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    found, body, _ = told(error)
    assert (found, body["status"], body["code"]) == (status, status, code)
    assert "secret" not in json.dumps(body)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (RateLimited(retry_after=11.2), "12"),
        (RateLimited(retry_after=0), "0"),
        (RateLimited(), "5"),
        (Unavailable(retry_after=4), "4"),
        (Unavailable(), "5"),
        (Throttled(wait=7), "7"),
        (TimedOut(), None),
    ],
)
def test_says_when_to_come_back(error: Exception, wait: str | None) -> None:
    assert told(error)[2] == wait


def test_an_error_s_own_pointers_are_kept() -> None:
    faults: Any = [{"pointer": "/messages/0", "message": "It is empty."}]
    assert told(InvalidPrompt("It cannot be saved.", errors=faults))[1]["errors"] == faults


def test_the_detail_for_logs_stays_in_the_logs() -> None:
    assert "sk-secret" not in json.dumps(told(LLMError(detail="sk-secret"))[1])


def test_a_title_is_the_status_in_words() -> None:
    assert told(RateLimited())[1]["title"] == "Too many requests"


def test_what_nobody_foresaw_is_logged_with_the_id_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, body, _ = told(ZeroDivisionError("secret detail"))
    assert (status, body["code"]) == (500, "fault")
    assert "secret" not in json.dumps(body)
    record = caplog.records[-1]
    assert (record.message, vars(record)["request_id"]) == ("api.fault", body["request_id"])
    assert record.exc_info

"""What the log keeps of a call, by the mode of its feature: texts, metadata, or amounts alone."""

import logging
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

import llm
from llm import runloop
from llm.errors import LLMError
from llm.models import Call, CallBody
from llm.origin import Origin, coming_from
from llm.types import Message, Owner, Request
from tests.wire import Tokens, WireServer, status, text, wire

__all__ = ["wire"]
pytestmark = pytest.mark.django_db(transaction=True)

KEY = settings.SECRET_KEY
PRIVATE = "ann@example.com"


@pytest.fixture
def log(settings: Any, wire: WireServer) -> Any:
    """`log("chat:off")` sets the modes of a site whose model is the scripted server."""

    def choose(modes: str) -> None:
        update = {
            "parley_local_url": wire.openai_url,
            "parley_models": "local:smollm2",
            "parley_call_log": modes,
        }
        settings.PARLEY = settings.PARLEY.model_copy(update=update)

    return choose


def ask(user: User, feature: str = "chat") -> None:
    owner = Owner(user_id=user.pk)
    with coming_from(Origin(correlation_id="shop")):
        request = Request(messages=(Message.user(f"Write to {PRIVATE}"),), feature=feature, owner=owner)
        runloop.wait(llm.run(request))


def kept() -> str:
    """Return all texts that the log has."""
    return " ".join(f"{body.request} {body.reply}" for body in CallBody.objects.all())


@pytest.mark.parametrize(
    ("modes", "has", "lacks"),
    [
        ("full", [PRIVATE, "Sent"], [KEY]),
        ("redacted", ["[email]", "Sent"], [PRIVATE, KEY]),
        ("", ["[email]", "Sent"], [PRIVATE, KEY]),
        ("metadata", [], ["Write", "Sent"]),
        ("off", [], ["Write", "Sent"]),
        ("off,chat:full", [PRIVATE], []),
        ("full,chat:metadata", [], ["Write"]),
    ],
)
def test_texts_are_kept_as_the_feature_s_mode_says(
    modes: str, has: list[str], lacks: list[str], log: Any, wire: WireServer, alice: User
) -> None:
    log(modes or "redacted")
    wire.script(text(f"Sent with {KEY}", tokens=Tokens(input=1000, output=100)))
    ask(alice)
    said = kept()
    assert all(word in said for word in has)
    assert not [word for word in lacks if word in said]
    call = Call.objects.get()
    assert (call.user, call.input_tokens, call.output_tokens, call.outcome) == (alice, 1000, 100, "ok")
    assert call.cost == Decimal(0)


@pytest.mark.parametrize(("mode", "expected"), [("metadata", "shop"), ("off", "")])
def test_off_keeps_no_way_back_to_a_request_and_metadata_does(
    mode: str, expected: str, log: Any, wire: WireServer, alice: User
) -> None:
    log(mode)
    wire.script(text("Sent"))
    ask(alice)
    call = Call.objects.get()
    assert call.correlation_id == expected
    assert bool(call.upstream_id) == bool(expected)


@pytest.mark.parametrize("mode", ["metadata", "off"])
def test_an_error_that_quotes_the_question_is_not_kept_either(
    mode: str, log: Any, wire: WireServer, alice: User
) -> None:
    log(mode)
    wire.script(status(400))
    with pytest.raises(LLMError):
        ask(alice)
    call = Call.objects.get()
    assert (call.error, call.outcome) == ("", "invalid")


def test_lines_of_the_log_hold_figures_and_none_for_what_is_off(
    log: Any, wire: WireServer, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    log("full,quiet:off")
    wire.always(text("Sent"))
    with caplog.at_level(logging.INFO):
        ask(alice)
        ask(alice, "quiet")
    lines = [record for record in caplog.records if record.message == "llm.call"]
    assert [vars(line)["feature"] for line in lines] == ["chat"]
    assert PRIVATE not in str(vars(lines[0]))

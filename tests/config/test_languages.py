"""Every text of the chat and of the frame around it is there in every language that the site offers."""

import ast
import gettext
import json
import re
import uuid
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.template import Template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test import Client
from django.utils import translation

from chat.socket import websocket_application
from llm.errors import LLMError
from llm.models import Budget
from tests.chat.threads import add_answer, make_conversation

ROOT = Path(settings.BASE_DIR)
OURS = ("chat", "config")
OTHERS = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
PAIR = re.compile(
    r'^msgid ((?:".*"\n)+)(?:msgid_plural "(.*)"\n)?msgstr(?:\[0\])? ((?:".*"\n)+)', re.MULTILINE
)


def catalog(app: str, language: str) -> gettext.GNUTranslations:
    folder = ROOT / app / "locale" / language / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def in_templates(app: str) -> Iterator[str]:
    for path in sorted(path for path in (ROOT / app / "templates").rglob("*") if path.is_file()):
        yield from in_template(path)


def in_template(path: Path) -> Iterator[str]:
    nodes = Template(path.read_text()).nodelist
    for node in nodes.get_nodes_by_type((TranslateNode, BlockTranslateNode)):  # type: ignore[arg-type]
        yield _text(node)


def _text(node: Any) -> str:
    if isinstance(node, TranslateNode):
        return str(node.filter_expression.var.literal or "")
    return str(node.render_token_list(node.singular)[0])


def in_code(app: str) -> Iterator[str]:
    for path in sorted((ROOT / app).rglob("*.py")):
        yield from in_module(path)


def in_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text)), *_]) if name in MARKS:
                yield text


def errors(kind: type[LLMError] = LLMError) -> Iterator[str]:
    if kind.__module__ == LLMError.__module__:
        yield kind.says
    for below in kind.__subclasses__():
        yield from errors(below)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("app", OURS)
def test_no_text_is_missing_and_none_is_left_over(app: str, language: str) -> None:
    known = {key[0] if isinstance(key, tuple) else key for key in catalog(app, language)._catalog}  # type: ignore[attr-defined]
    wanted = {*in_templates(app), *in_code(app)}
    assert len(wanted) > 30
    assert wanted - known == set()
    assert known - wanted - {""} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_what_can_go_wrong_with_a_model_is_said_in_every_language(language: str) -> None:
    said = catalog("llm", language)
    assert [sentence for sentence in errors() if said.gettext(sentence) == sentence] == []


@pytest.mark.parametrize("language", OTHERS)
def test_budgets_are_told_in_every_language_as_the_account_page_around_them_is(language: str) -> None:
    templates = [ROOT / "llm" / "templates" / "llm" / name for name in ("budgets.html", "_budgets.html")]
    wanted = {*chain(*map(in_template, templates)), *in_module(ROOT / "llm" / "dashboard" / "purses.py")}
    wanted |= {str(label) for label in Budget.Period.labels}
    known = {key[0] if isinstance(key, tuple) else key for key in catalog("llm", language)._catalog}  # type: ignore[attr-defined]
    assert len(wanted) > 20
    assert wanted - known - {""} == set()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("app", [*OURS, "llm"])
def test_a_catalog_is_compiled_and_keeps_every_name_in_braces(app: str, language: str) -> None:
    text = (ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    compiled = catalog(app, language)
    for one, many, said in PAIR.findall(text):
        key, words = ("".join(map(ast.literal_eval, lines.splitlines())) for lines in (one, said))
        if not key:
            continue
        assert (compiled.ngettext(key, many, 1) if many else compiled.gettext(key)) == words
        assert sorted(re.findall(r"%\(\w+\)s|\{\w+\}|<\w+", key)) == sorted(
            re.findall(r"%\(\w+\)s|\{\w+\}|<\w+", words)
        )


def shown(client: Client, address: str, **headers: str) -> HttpResponse:
    return client.get(address, headers=headers)  # type: ignore[return-value]


def test_the_browsers_language_decides_and_the_menu_overrules_it(client: Client, alice: User) -> None:
    conversation = make_conversation(alice, "Hallo", "| a |\n|---|\n| 1 |", title="Ein Gespräch")
    refused: dict[str, Any] = {"error_code": "over_budget", "input_tokens": 0, "output_tokens": 0}
    add_answer(conversation, "", status="error", error_text="The budget for this is spent.", **refused)
    client.force_login(alice)
    page = shown(client, f"/c/{conversation.pk}/", accept_language="de-CH,de;q=0.9").content.decode()
    assert '<html lang="de">' in page
    assert "Das Budget dafür ist aufgebraucht." in page
    assert "148 Tokens" not in page
    assert 'placeholder="Antworten"' in page
    client.post("/language/", {"language": "en"})
    page = shown(client, f"/c/{conversation.pk}/", accept_language="de").content.decode()
    assert '<html lang="en">' in page
    assert "The budget for this is spent." in page


def test_a_table_is_named_in_the_readers_language_and_words_stay_as_they_are(
    client: Client, alice: User
) -> None:
    said = '| a |\n|---|\n| 1 |\n\n`<div aria-label="Table">`'
    client.force_login(alice)
    conversation = make_conversation(alice, "Hallo", said)
    page = shown(client, f"/c/{conversation.pk}/", accept_language="de").content.decode()
    assert 'aria-label="Tabelle"' in page
    assert '&lt;div aria-label="Table"&gt;' in page


GERMAN = (b"accept-language", b"de,en;q=0.5")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("headers", "language"),
    [([GERMAN], "de"), ([GERMAN, (b"cookie", b"django_language=en")], "en"), ([], "en")],
)
async def test_a_socket_speaks_the_language_of_its_reader(
    headers: list[tuple[bytes, bytes]], language: str
) -> None:
    socket = WebsocketCommunicator(websocket_application, f"/ws/chat/{uuid.uuid4()}/", headers=headers)
    await socket.connect()
    said = json.loads(await socket.receive_from())["text"]
    await socket.disconnect()
    with translation.override(language):
        assert said == translation.gettext("Sign in first, or send a valid key.")

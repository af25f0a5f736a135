"""A chat in a real browser whose model is a scripted server, both in the test's own process."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route
from pytest_django import Settings

from chat.models import Conversation
from prompts.service import install_starters
from tests.browser import aside
from tests.browser.aside import FLAGS, expect
from tests.live import live_server
from tests.machine import CHROMIUM
from tests.wire import WireServer

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@dataclass
class Chat:
    """Parley on a real socket, and browsers in front of it.

    `strange` holds requests to other places, `faults` what the pages complained of.
    """

    url: str
    wire: WireServer
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    under_way: set[Any] = field(default_factory=set)

    def open(self, person: User, address: str = "/", **how: Any) -> Page:
        """Open a page in a browser of its own, signed in as `person`."""
        context = self.browser.new_context(**({"viewport": WIDE} | how))
        context.add_cookies([{"name": "sessionid", "value": session(person), "url": self.url}])
        context.route("**/*", self._watch)
        self.contexts.append(context)
        return self.another(context, address)

    def another(self, context: BrowserContext, address: str) -> Page:
        """Open a page as one more tab."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: self.under_way.add(request))
        page.on("requestfinished", lambda request: self.under_way.discard(request))
        page.on("requestfailed", lambda request: self.under_way.discard(request))
        page.goto(self.url + address)
        return page

    def close(self) -> None:
        """Close every page once it has what it asked for: a request that is cut off leaves a connection."""
        for context in self.contexts:
            for _ in range(100):
                if not self.under_way or not context.pages:
                    break
                context.pages[0].wait_for_timeout(20)
            context.close()

    def _watch(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.url).netloc:
            route.continue_()
            return
        self.strange.append(route.request.url)
        route.abort()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser whose driver runs beside the tests; see aside.py."""
    driver, stop = aside.start()
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()
    stop()


@pytest.fixture
def chat(transactional_db: None, chromium: Browser, settings: Settings, wire: WireServer) -> Iterator[Chat]:
    """A chat with nothing in it; it fails if a page complained or asked for anything elsewhere."""
    install_starters()
    site = {"parley_local_url": wire.openai_url, "parley_cache_ttl": 0}
    settings.PARLEY = settings.PARLEY.model_copy(update=site)
    with live_server() as url:
        made = Chat(url, wire, chromium)
        yield made
        made.close()
    assert made.strange == []
    assert made.faults == []


def session(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def address(conversation: Conversation) -> str:
    return f"/c/{conversation.pk}/"


def ask(page: Page, text: str = "Hello") -> None:
    page.locator("#text").fill(text)
    page.locator("#send").click()


def answer(page: Page) -> Locator:
    return page.locator(".answer").last


def ended(page: Page, status: str = "completed") -> Locator:
    """Wait for the last answer to end."""
    last = answer(page)
    expect(last).to_have_attribute("data-status", status, timeout=15_000)
    return last

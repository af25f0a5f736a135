"""What happens to readers: each trouble strikes its tabs at once, and is mended some flushes later."""

import asyncio
from typing import Any, Protocol

from tests.services.chat_site import Site, Web
from tests.services.people import Tab
from tests.services.proxy import Proxy


class Trouble(Protocol):
    tabs: list[Tab]

    async def strike(self) -> None: ...

    async def mend(self) -> None: ...


class Reload:
    """The page is loaded again: it begins with what the server shows of the answer."""

    def __init__(self, *tabs: Tab) -> None:
        self.tabs = [*tabs]

    async def strike(self) -> None:
        await asyncio.gather(*(tab.reload() for tab in self.tabs))

    async def mend(self) -> None: ...


class Cut:
    """The connection is reset."""

    def __init__(self, tabs: list[Tab], proxies: list[Proxy]) -> None:
        self.tabs = tabs
        self._proxies = proxies

    async def strike(self) -> None:
        for proxy in self._proxies:
            proxy.cut()

    async def mend(self) -> None: ...


class Sleep(Cut):
    """The machine sleeps: nothing passes and nobody notices, and when it wakes the connection is dead.

    A minute of it is to the server what a few flushes of it are: text that waits, pings without a pong, and
    at last a reset. How long that takes decides only who gives up first, and both ends are tried here: the
    tab's with this, the server's in test_chat_slow.
    """

    async def strike(self) -> None:
        for proxy in self._proxies:
            proxy.sleep()

    async def mend(self) -> None:
        for proxy in self._proxies:
            proxy.wake()


class Restart:
    """The process that the tabs are connected to is killed, and another takes its place."""

    def __init__(self, tabs: list[Tab], site: Site, web: Web, options: dict[str, Any]) -> None:
        self.tabs = tabs
        self._site = site
        self._web = web
        self._options = options

    async def strike(self) -> None:
        self._web.kill()

    async def mend(self) -> None:
        await asyncio.to_thread(self._site.again, self._web, **self._options)

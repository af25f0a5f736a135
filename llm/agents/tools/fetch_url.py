"""fetch_url: the readable text of a public page."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from llm.agents.fetching.fetcher import SECONDS, Fetcher, NotFetched
from llm.agents.fetching.text import text_of
from llm.agents.tool import AgentTool, ToolError, tool

ADDRESS = re.compile(r"https?://[^\s<>\"')\]]{3,500}")


def sensible(said: str) -> Mapping[str, Any] | None:
    """Return the addresses that `said` holds, or None: a small model makes them up."""
    found = list(dict.fromkeys(url.rstrip(".,;:!?") for url in ADDRESS.findall(said)))[:20]
    if not found:
        return None
    return {
        "type": "object",
        "properties": {"url": {"enum": found}},
        "required": ["url"],
        "additionalProperties": False,
    }


def fetching(fetcher: Fetcher) -> AgentTool:
    """Return the tool over a way to fetch; tests give it a network of their own."""

    @tool(crash="pure", timeout=SECONDS + 2, narrow=sensible)
    async def fetch_url(url: str) -> str:
        """Read a public web page and return its text.

        Args:
            url: An http or https address, such as https://example.org/page.
        """
        try:
            async with asyncio.timeout(SECONDS):
                page = await fetcher.get(url)
                text = await text_of(page)
        except TimeoutError:
            raise ToolError(f"The page did not come within {SECONDS:g} seconds.") from None
        except NotFetched as error:
            raise ToolError(str(error)) from None
        head = f"{page.url} (status {page.status}{', cut after 1 MiB' if page.cut else ''})"
        return f"{head}\n\n{text.strip() or 'The page has no text.'}"

    return fetch_url


fetch_url = fetching(Fetcher())

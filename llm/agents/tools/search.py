"""search: in the documents of the person, or in the web, as the site is set up."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from asgiref.sync import sync_to_async
from django.conf import settings

from llm.agents import documents
from llm.agents.tool import Context, ToolError, tool

logger = logging.getLogger(__name__)

MOST = 5
SNIPPET = 1200  # characters
WEB_SECONDS = 10

type Hit = Mapping[str, str]
type Web = Callable[[str, int], list[Hit]]


def in_web(query: str, most: int) -> list[Hit]:
    """Ask the engines that ddgs knows; raises ToolError."""
    from ddgs import DDGS  # half a second of imports, and only where the web is searched
    from ddgs.exceptions import DDGSException

    try:
        return list(DDGS(timeout=WEB_SECONDS).text(query, max_results=most))
    except DDGSException as error:
        logger.warning("agent.search_failed", extra={"error": type(error).__name__})
        raise ToolError("The web could not be searched, or nothing was found.") from None


@tool(crash="pure", timeout=WEB_SECONDS * 2)
async def search(query: str, *, context: Context) -> str:
    """Search for passages of text about something.

    Args:
        query: A few words that the text should hold.
    """
    if settings.PARLEY.parley_search == "web":
        return listed(await asyncio.to_thread(in_web, query[:400], MOST))
    if context.owner.user_id is None:
        raise ToolError("This run is nobody's, so there are no documents to search.")
    found = await sync_to_async(documents.search)(context.owner.user_id, query, MOST)
    return listed([{"title": one.title, "body": one.text} for one in found])


def listed(hits: list[Hit]) -> str:
    """Return hits as text, numbered."""
    if not hits:
        return "Nothing was found."
    parts = [
        "\n".join(filter(None, (f"{number}. {hit.get('title', '')}", hit.get("href"), hit["body"][:SNIPPET])))
        for number, hit in enumerate(hits, 1)
    ]
    return "\n\n".join(parts)

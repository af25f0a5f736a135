"""search: in the documents of the person, or in the web, as the site is set up."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.conf import settings

from llm.agents import documents
from llm.agents.tool import AgentTool, Context, ToolError, tool
from llm.redaction.site import redact

logger = logging.getLogger(__name__)

MOST = 5
TITLE, SNIPPET = 200, 1200  # characters
QUERY = 400
NO_ANSWER = "No search engine answered in time. Search once more, or answer from what you know."
NOT_SEARCHED = "The web cannot be searched at the moment. Answer from what you know, and say so."

type Hit = Mapping[str, str]
type Web = Callable[[str, int], Sequence[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The search engines that ddgs knows. `proxy` and `certificates`, a PEM file, are the way to them.

    `seconds` bounds each engine; there are two at a time, until there are hits.
    """

    seconds: int = 5
    names: str = "auto"
    proxy: str | None = None
    certificates: str | bool = True

    def __call__(self, query: str, most: int) -> Sequence[Hit]:
        """Return at most so many hits, none if there are none; raises ToolError."""
        from ddgs import DDGS  # half a second of imports, and only where the web is searched
        from ddgs.exceptions import DDGSException, TimeoutException

        engines = DDGS(proxy=self.proxy, timeout=self.seconds, verify=self.certificates)
        try:
            return engines.text(query, max_results=most, backend=self.names)
        except TimeoutException:
            raise ToolError(NO_ANSWER) from None
        except DDGSException as error:
            if str(error) == "No results found.":
                return ()
            logger.warning("agent.search_failed", extra={"error": str(error)[:200]})
            raise ToolError(NOT_SEARCHED) from None


def searching(web: Web) -> AgentTool:
    """Return the tool over a way into the web."""

    @tool(crash="pure", timeout=20)
    async def search(query: str, *, context: Context) -> str:
        """Search for passages of text about something.

        Args:
            query: A few words that the text should hold.
        """
        if not query.strip():
            raise ToolError("There is nothing to search for. Give a few words.")
        if settings.PARLEY.parley_search == "web":
            return listed(await asyncio.to_thread(web, redact(query[:QUERY]), MOST))
        if context.owner.user_id is None:
            raise ToolError("This run is nobody's, so there are no documents to search.")
        found = await sync_to_async(documents.search)(context.owner.user_id, query, MOST)
        return listed([{"title": one.title, "body": one.text} for one in found])

    return search


search = searching(Engines())


def listed(hits: Sequence[Hit]) -> str:
    """Return hits as text, numbered."""
    if not hits:
        return "Nothing was found."
    return "\n\n".join(_listed(number, hit) for number, hit in enumerate(hits, 1))


def _listed(number: int, hit: Hit) -> str:
    title, body = hit.get("title", "")[:TITLE], hit.get("body", "")[:SNIPPET]
    return "\n".join(filter(None, (f"{number}. {title}", hit.get("href"), body)))

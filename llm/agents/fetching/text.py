"""From the bytes of a page to text that a model can read."""

import asyncio
import codecs
import re
import sys
from pathlib import Path

from llm.agents.fetching.fetcher import NotFetched, Page

READABLE = Path(__file__).with_name("readable.py")
SECONDS = 8.0
HTML = {"text/html", "application/xhtml+xml", ""}
PLAIN = re.compile(r"^(text/|application/(json|xml|rss\+xml|atom\+xml|[\w.-]+\+json)$)")
DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
# Python has codecs that are none of text, and some that take an hour for a megabyte.
CHARSETS = re.compile(r"^(utf[-_]?(8|16|32)|ascii|latin|iso|cp\d|koi8|gb|big5|shift|euc|mac)", re.IGNORECASE)
HEAD = 4096  # bytes in which a page may say how it is encoded


async def text_of(page: Page, seconds: float = SECONDS) -> str:
    """Return the readable text of a page; raises NotFetched for what is not text, or takes longer."""
    if page.kind in HTML:
        return await _readable(_decoded(page), seconds)
    if PLAIN.match(page.kind):
        return _decoded(page)
    raise NotFetched(f"What is there is not text but {page.kind[:60]}.")


def _decoded(page: Page) -> str:
    declared = DECLARED.search(page.body[:HEAD])
    for name in (page.charset, declared[1].decode() if declared else "", "utf-8"):
        try:
            charset = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        if CHARSETS.match(charset):
            return page.body.decode(charset, errors="replace")
    return page.body.decode(errors="replace")


async def _readable(html: str, seconds: float) -> str:
    """Extract in a process that ends when its time is over."""
    extractor = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(READABLE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(seconds):
            out, _ = await extractor.communicate(html.encode(errors="replace"))
    except TimeoutError:
        raise NotFetched("The page is too tangled to be read.") from None
    finally:
        if extractor.returncode is None:
            extractor.kill()
            await extractor.wait()
    if extractor.returncode:
        raise NotFetched("The page is too tangled to be read.")
    return out.decode(errors="replace")

"""From a page's bytes to text, however the page was made."""

import asyncio

import pytest

from llm.agents.fetching.fetcher import NotFetched, Page
from llm.agents.fetching.text import text_of


def page_of(body: bytes, kind: str = "text/html", charset: str = "utf-8") -> Page:
    return Page(url="http://example.org/", status=200, kind=kind, charset=charset, body=body, cut=False)


ARTICLE = """<html><head><title>Paper</title><script>alert(1)</script></head><body><nav>Home About</nav>
<article><h1>Paper</h1><p>Paper is a thin sheet material produced by mechanically or chemically processing
cellulose fibres. It was first made in China.</p><p>See <a href="/china">China</a> for more on that.</p>
</article>
<footer>Imprint</footer></body></html>"""


async def test_an_article_without_its_surroundings() -> None:
    found = await text_of(page_of(ARTICLE.encode()))
    assert "first made in China" in found
    assert "[China](/china)" in found
    assert "alert" not in found


@pytest.mark.parametrize("charset", ["", "latin-1", "punycode", "idna", "no-such", "unicode_escape"])
async def test_any_charset_ends_in_text(charset: str) -> None:
    body = b"<meta charset=latin-1>caf\xe9"
    assert "caf" in await text_of(page_of(body, kind="text/plain", charset=charset))


async def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(NotFetched, match="not text but image/png"):
        await text_of(page_of(b"\x89PNG", kind="image/png"))


async def test_a_page_made_to_hang_the_parser_is_given_up() -> None:
    """100,000 attributes keep libxml2 busy for minutes."""
    tangled = "<div " + " ".join(f"a{number}=1" for number in range(100_000)) + ">x</div>"
    begun = asyncio.get_running_loop().time()
    with pytest.raises(NotFetched, match="too tangled"):
        await text_of(page_of(tangled.encode()), seconds=1.5)
    assert asyncio.get_running_loop().time() - begun < 30

"""Fetching is safe whatever address a model was talked into, and wherever the page leads."""

import os
from collections.abc import Iterator

import pytest

from llm.agents.fetching.fetcher import NOT_REACHED, Fetcher, NotFetched, checked
from tests.wire.web import Web, moved, page

HOSTILE = [
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "//example.org/",
    "example.org",
    "http://",
    "http:///path",
    "http://example.org:8080/",
    "http://example.org:22/",
    "http://user@example.org/",
    "http://user:word@example.org/",
    "http://@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http://127.0.0.1\\.example.org/",
    "http://example.org%2f@127.0.0.1/",
    "http://exa%6dple.org/",
    "http://[fe80::1%25eth0]/",
    "http://example.org/\r\nX: y",
    "http://example.org/\x00",
    " http://example.org/",
    "http://exam ple.org/",
    "http://example.org:99999/",
    "http://[::1/",
    "http://example.org/" + "a" * 3000,
]
INSIDE = [
    "127.0.0.1",
    "169.254.169.254",
    "10.0.0.7",
    "::1",
    "64:ff9b::a9fe:a9fe",
    "::ffff:127.0.0.1",
    "0.0.0.0",  # noqa: S104 nobody binds to it
]
NUMBERS = ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture
def fetcher(web: Web) -> Fetcher:
    return Fetcher(resolve=web.resolve, dial=web.dial)


async def fault(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(NotFetched) as raised:
        await fetcher.get(url)
    return str(raised.value)


async def test_a_page(web: Web, fetcher: Fetcher) -> None:
    web.serve("example.org", page("<p>Hello</p>"))
    found = await fetcher.get("http://example.org/a?b=c#d")
    assert (found.url, found.status, found.body, found.cut) == (
        "http://example.org/a?b=c",
        200,
        b"<p>Hello</p>",
        False,
    )
    asked = web.asked[0].lower()
    assert asked.startswith("get /a?b=c http/1.1\r\nhost: example.org\r\n")
    assert "accept-encoding: identity" in asked
    assert "cookie" not in asked
    assert "referer" not in asked


@pytest.mark.parametrize("url", HOSTILE)
async def test_an_address_of_two_readings_is_refused(web: Web, fetcher: Fetcher, url: str) -> None:
    web.addresses = {"example.org": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]}
    assert await fault(fetcher, url) == NOT_REACHED
    assert web.dialled == []


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_never_dialled(web: Web, fetcher: Fetcher, address: str) -> None:
    web.addresses["inside.example"] = [address]
    assert await fault(fetcher, "http://inside.example/") == NOT_REACHED
    assert web.dialled == []


async def test_every_answer_of_the_resolver_must_pass(web: Web, fetcher: Fetcher) -> None:
    web.addresses["both.example"] = ["93.184.216.34", "127.0.0.1"]
    assert await fault(fetcher, "http://both.example/") == NOT_REACHED
    assert web.dialled == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"]
)
async def test_the_real_resolver_leads_nowhere_inside(host: str) -> None:
    assert await fault(Fetcher(), f"http://{host}/") == NOT_REACHED


async def test_a_name_that_changes_after_the_check_has_no_effect(web: Web, fetcher: Fetcher) -> None:
    """The connection goes to the address that was checked: the name is not asked again."""
    web.serve("rebinding.example", page("ok"))
    await fetcher.get("http://rebinding.example/")
    assert web.dialled == ["93.184.216.34"]


async def test_a_connection_that_ends_elsewhere_is_dropped(web: Web, fetcher: Fetcher) -> None:
    web.serve("example.org", page("secret"))
    web.peer = "10.0.0.1"
    assert await fault(fetcher, "http://example.org/") == NOT_REACHED
    assert web.asked == []


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://inside.example/",
        "file:///etc/passwd",
        "http://a:b@c/",
    ],
)
async def test_a_redirect_goes_through_the_same_checks(web: Web, fetcher: Fetcher, to: str) -> None:
    web.serve("example.org", moved(to))
    web.addresses |= {"inside.example": ["10.0.0.1"], "169.254.169.254": ["169.254.169.254"]}
    assert await fault(fetcher, "http://example.org/") == NOT_REACHED
    assert web.dialled == ["93.184.216.34"]


async def test_three_redirects_and_no_more(web: Web, fetcher: Fetcher) -> None:
    for number in range(4):
        web.serve(f"r{number}.example", moved(f"http://r{number + 1}.example/"))
    web.serve("r4.example", page("far"))
    assert (await fetcher.get("http://r1.example/")).body == b"far"
    assert "3 times" in await fault(fetcher, "http://r0.example/")


async def test_a_relative_redirect(web: Web, fetcher: Fetcher) -> None:
    web.serve("example.org", moved("/there"))
    assert "3 times" in await fault(fetcher, "http://example.org/here")
    assert web.asked[1].startswith("GET /there ")


async def test_one_mebibyte_of_raw_bytes_is_read(web: Web, fetcher: Fetcher) -> None:
    web.serve("example.org", page("x" * 10_000_000))
    found = await fetcher.get("http://example.org/")
    assert (len(found.body), found.cut) == (1 << 20, True)


async def test_a_compressed_page_is_not_unpacked(web: Web, fetcher: Fetcher) -> None:
    web.serve("example.org", page("bomb", content_encoding="gzip"))
    assert "compressed" in await fault(fetcher, "http://example.org/")


async def test_a_slow_page_ends_with_the_whole_time(web: Web) -> None:
    fetcher = Fetcher(resolve=web.resolve, dial=web.dial, seconds=0.3)
    web.serve("example.org", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx", stall=True)
    assert "0.3 seconds" in await fault(fetcher, "http://example.org/")


async def test_blocked_unknown_and_refused_are_told_alike(web: Web, fetcher: Fetcher) -> None:
    web.addresses["inside.example"] = ["10.0.0.1"]
    web.serve("broken.example", b"")
    told = {await fault(fetcher, f"http://{host}.example/") for host in ("inside", "unknown", "broken")}
    assert told == {NOT_REACHED}


async def test_no_proxy_of_the_environment_is_used(
    web: Web, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://10.0.0.1:3128")
    web.serve("example.org", page("direct"))
    assert (await fetcher.get("http://example.org/")).body == b"direct"


def test_an_international_name_is_checked_as_it_is_dialled() -> None:
    assert checked("http://b\u00fccher.example/").raw_host == b"xn--bcher-kva.example"

"""Our own connections to providers: HTTP/1.1 as servers really speak it, and what is left behind."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from anthropic import DefaultAioHttpClient

from llm.providers.connection import MOST_HEAD
from llm.providers.endpoint import Endpoint
from llm.providers.transport import Transport, client
from tests.wire.engines import certify

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n6\r\nHello \r\n5\r\nworld\r\n0\r\n\r\n"
COUNTED = HEAD + b"Content-Length: 11\r\n\r\nHello world"
UNTIL_CLOSED = HEAD + b"\r\nHello world"


@dataclass
class Server:
    """A server that answers each request on a connection with the same bytes, cut as it is told."""

    answer: bytes = CHUNKED
    cut: int = 0  # bytes at a time; 0 for all at once
    hangs_up: bool = False
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/messages?beta=true"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                self.bodies.append(await reader.readexactly(int(length)))
                self.came.set()
                await self._say(writer)
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.closed.set()

    async def _say(self, writer: asyncio.StreamWriter) -> None:
        step = self.cut or len(self.answer)
        for at in range(0, len(self.answer), step):
            writer.write(self.answer[at : at + step])
            await writer.drain()
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport(keepalive=30)
    yield made
    await made.aclose()


async def asked(transport: Transport, url: str, seconds: float = 5) -> httpx2.Response:
    timeout = {"connect": seconds}
    request = httpx2.Request("POST", url, content=b'{"a": 1}', extensions={"timeout": timeout})
    return await transport.handle_async_request(request)


async def whole(response: httpx2.Response) -> bytes:
    """Read a body to its end and give its connection back."""
    try:
        return b"".join([piece async for piece in response.extensions["chunks"]])
    finally:
        await response.aclose()


async def test_a_request_goes_out_as_it_was_made(transport: Transport) -> None:
    async with serving(Server()) as server:
        await whole(await asked(transport, server.url))
    [head], [body] = server.heads, server.bodies
    assert head.startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Length: 8\r\n" in head
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("answer", [CHUNKED, COUNTED, UNTIL_CLOSED])
@pytest.mark.parametrize("cut", [0, 1, 7])
async def test_an_answer_is_read_however_it_ends_and_wherever_it_is_cut(
    transport: Transport, answer: bytes, cut: int
) -> None:
    async with serving(Server(answer, cut=cut, hangs_up=answer == UNTIL_CLOSED)) as server:
        response = await asked(transport, server.url)
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream")
        assert await whole(response) == b"Hello world"


async def test_a_connection_is_kept_for_the_next_call(transport: Transport) -> None:
    async with serving(Server()) as server:
        for _ in range(3):
            assert await whole(await asked(transport, server.url)) == b"Hello world"
    assert (server.connections, len(server.heads)) == (1, 3)


async def test_a_connection_that_is_not_to_be_kept_is_not() -> None:
    transport = Transport(keepalive=0)
    async with serving(Server()) as server:
        await whole(await asked(transport, server.url))
        await server.closed.wait()


async def test_a_server_that_says_close_is_asked_over_another(transport: Transport) -> None:
    async with serving(Server(CHUNKED.replace(b"\r\n\r\n6", b"\r\nConnection: close\r\n\r\n6"))) as server:
        for _ in range(2):
            await whole(await asked(transport, server.url))
    assert server.connections == 2


async def test_a_server_that_hangs_up_afterwards_is_asked_over_another(transport: Transport) -> None:
    async with serving(Server(hangs_up=True)) as server:
        await whole(await asked(transport, server.url))
        await server.closed.wait()
        for _ in range(20):  # until the end has come here too
            await asyncio.sleep(0)
        assert await whole(await asked(transport, server.url)) == b"Hello world"
    assert server.connections == 2


async def test_what_was_not_read_to_its_end_closes_its_connection(transport: Transport) -> None:
    async with serving(Server(CHUNKED.partition(b"5\r\n")[0])) as server:
        response = await asked(transport, server.url)
        assert await anext(response.extensions["chunks"]) == b"Hello "
        await response.aclose()
        await server.closed.wait()


async def test_who_is_cancelled_before_the_answer_closes_the_connection(transport: Transport) -> None:
    async with serving(Server(answer=b"HTTP/1.1 200")) as server:
        asking = asyncio.create_task(asked(transport, server.url))
        await server.came.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.closed.wait()


async def test_a_word_beforehand_is_not_the_answer(transport: Transport) -> None:
    async with serving(Server(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + CHUNKED)) as server:
        response = await asked(transport, server.url)
        assert (response.status_code, "link" in response.headers) == (200, False)
        assert await whole(response) == b"Hello world"


async def test_what_follows_the_body_is_no_header(transport: Transport) -> None:
    trailed = CHUNKED.replace(b"0\r\n\r\n", b"0\r\nX-Late: 1\r\n\r\n")
    async with serving(Server(trailed)) as server:
        response = await asked(transport, server.url)
        assert await whole(response) == b"Hello world"
        assert "x-late" not in response.headers


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", httpx2.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\n", httpx2.RemoteProtocolError),
        (b"220 smtp ready\r\n\r\n", httpx2.RemoteProtocolError),
        (HEAD + b"X-Long: " + b"x" * MOST_HEAD + b"\r\n\r\n", httpx2.RemoteProtocolError),
        (CHUNKED.partition(b"world")[0], httpx2.ReadError),
        (COUNTED[:-1], httpx2.ReadError),
        (CHUNKED.replace(b"5\r\nworld", b"zz\r\nworld"), httpx2.RemoteProtocolError),
    ],
)
async def test_an_answer_that_is_none_says_so(
    transport: Transport, answer: bytes, kind: type[Exception]
) -> None:
    async with serving(Server(answer, hangs_up=True)) as server:
        with pytest.raises(kind):
            await whole(await asked(transport, server.url))


async def test_nobody_there_is_a_connect_error(transport: Transport) -> None:
    async with serving(Server()) as server:
        pass
    with pytest.raises(httpx2.ConnectError):
        await asked(transport, server.url)


async def test_who_does_not_answer_the_handshake_is_given_up(transport: Transport) -> None:
    async with serving(Server()) as server:
        with pytest.raises(httpx2.ConnectTimeout, match=r"0\.05 seconds"):
            await asked(transport, server.url.replace("http:", "https:"), seconds=0.05)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "engine.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    transport: Transport, tls: ssl.SSLContext
) -> None:
    async with serving(Server(), tls) as server:
        with pytest.raises(httpx2.ConnectError, match="certificate"):
            await asked(transport, f"https://localhost:{server.port}/v1")
    assert not server.bodies


async def test_one_that_somebody_vouches_for_is_good(
    transport: Transport, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with serving(Server(), tls) as server:
        for _ in range(2):
            assert (
                await whole(await asked(transport, f"https://localhost:{server.port}/v1")) == b"Hello world"
            )
    assert server.connections == 1


async def test_reading_waits_for_its_reader_and_for_a_pause(transport: Transport) -> None:
    async with serving(Server(HEAD + b"Content-Length: 20000000\r\n\r\n" + b"x" * 20_000_000)) as server:
        response = await asked(transport, server.url)
        chunks = response.extensions["chunks"]
        sizes = [len(await anext(chunks))]
        chunks.pause(0.001)
        sizes.append(len(await anext(chunks)))
        assert max(sizes) <= 2**18  # what one look at a socket brings: the rest waits in the kernel
        assert sum(sizes) + len(await whole(response)) == 20_000_000


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")


@pytest.mark.usefixtures("proxy")
@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("https://api.example/v1", True),
        ("https://inside.example/v1", False),
        ("https://127.0.0.1:8443/v1", False),
        ("http://api.example/v1", False),
    ],
)
async def test_a_proxy_of_the_environment_is_for_the_sdks_client(url: str, theirs: bool) -> None:
    made = client(Endpoint(title="A model", base_url=url), DefaultAioHttpClient)
    assert isinstance(made, DefaultAioHttpClient) is theirs
    await made.aclose()

"""What a socket is sent is compressed, for as long as something flows."""

import asyncio
import json
import random

import pytest
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN, Event, Protocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from config.deflate import LONGEST, DeflateFactory
from config.websocket import Inbox, framed

STATE = json.dumps({"type": "state", "title": "abc" * 20, "generations": []})


def delta(number: int, text: str = "word ") -> str:
    generation = "019a0000-0000-7000-8000-000000000000"
    return json.dumps({"type": "delta", "generation": generation, "from": number, "to": number, "text": text})


class Pair:
    """A server's end and a browser's, with the bytes between them in hand."""

    def __init__(self, **offer: object) -> None:
        self.now = 0.0
        self.server = ServerProtocol(extensions=[DeflateFactory(lambda: self.now)])
        offered = ClientPerMessageDeflateFactory(**offer)  # type: ignore[arg-type]
        self.client = ClientProtocol(parse_uri("ws://localhost/"), extensions=[offered])
        self.client.send_request(self.client.connect())
        [request] = carried(self.client, self.server)
        assert isinstance(request, Request)
        self.server.send_response(self.server.accept(request))
        carried(self.server, self.client)
        assert self.client.state is OPEN

    def say(self, text: str) -> int:
        """Send a text; returns the bytes that it took, and checks that it came."""
        self.server.send_text(text.encode())
        return self._arrived(text, self.server, self.client)

    def write(self, text: str) -> int:
        """Send a text the short way; returns the bytes that it took, and checks that it came."""
        self.server.writes.append(framed(text.encode(), self.server.extensions))
        return self._arrived(text, self.server, self.client)

    def hear(self, text: str) -> int:
        """The same in the other direction."""
        self.client.send_text(text.encode())
        return self._arrived(text, self.client, self.server)

    def ping(self) -> None:
        self.server.send_ping(b"")
        carried(self.server, self.client)

    def _arrived(self, text: str, sender: Protocol, receiver: Protocol) -> int:
        out = b"".join(sender.data_to_send())
        receiver.receive_data(out)
        [frame] = receiver.events_received()
        assert isinstance(frame, Frame)
        assert bytes(frame.data).decode() == text
        return len(out)


def carried(sender: Protocol, receiver: Protocol) -> list[Event]:
    receiver.receive_data(b"".join(sender.data_to_send()))
    return receiver.events_received()


def test_the_frames_of_an_answer_cost_little_more_than_their_text() -> None:
    pair, chance = Pair(), random.Random(1)  # noqa: S311
    pair.say(STATE)
    texts = ["".join(chance.choices("etaoinshrdlu ", k=10)) for _ in range(1, 500)]
    assert sum(pair.say(delta(n, text)) for n, text in enumerate(texts)) < 2.6 * len("".join(texts))


def test_frames_that_come_seldom_need_no_compressor() -> None:
    pair = Pair()
    sizes = []
    for n in range(6):
        pair.now += 0.1 if n == 4 else 2
        sizes.append(pair.say(STATE) < len(STATE))
    assert sizes == [False, False, False, False, True, False]


def test_a_socket_at_rest_gives_its_compressor_back_and_gets_another() -> None:
    pair = Pair()
    for n in range(50):
        pair.say(delta(n))
    pair.ping()
    assert pair.say(delta(50)) < 30
    pair.ping()
    pair.ping()
    assert [pair.say(delta(n)) < 30 for n in (51, 52)] == [False, True]


def test_a_very_long_frame_goes_as_it_is_and_confuses_nobody() -> None:
    pair = Pair()
    pair.say(STATE)
    pair.say(delta(1))
    assert pair.say("x" * LONGEST) < LONGEST / 10
    assert pair.say("x" * (LONGEST + 1)) > LONGEST
    assert pair.say(delta(2)) < len(delta(2))
    assert pair.say(delta(3)) < 30


def test_what_the_browser_sends_compressed_is_read() -> None:
    pair = Pair()
    assert pair.hear(STATE * 10) == pair.hear(STATE * 10) < len(STATE)


@pytest.mark.parametrize("offer", [{"server_no_context_takeover": True}, {"server_max_window_bits": 9}])
def test_a_browser_that_cannot_have_it_this_way_gets_plain_frames(offer: dict[str, object]) -> None:
    pair = Pair(**offer)
    for n in range(3):
        assert pair.say(delta(n)) > len(delta(n))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("offer", [{}, {"server_no_context_takeover": True}])
def test_a_frame_that_is_written_the_short_way_is_read_as_any_other(
    offer: dict[str, object], size: int
) -> None:
    pair, chance = Pair(**offer), random.Random(size)  # noqa: S311
    text = "".join(chance.choices("abcdefgh", k=size))
    assert [pair.write(text) >= len(text), pair.say(STATE) > 0, pair.write(text) > 0] == [True] * 3


async def test_an_inbox_gives_what_came_in_order_and_waits_for_what_comes() -> None:
    inbox = Inbox()
    inbox.put_nowait(1)
    inbox.put_nowait(2)
    assert [await inbox.get(), inbox.empty(), await inbox.get(), inbox.empty()] == [1, False, 2, True]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(3)
    assert await waiting == 3

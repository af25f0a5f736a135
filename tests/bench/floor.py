"""The floor: a bare relay on asyncio, with nothing of a product in it.

A WebSocket gets the model's deltas, a frame each; a POST gets the whole answer. No framework, no
authentication, no database: what reading one socket and writing another costs in Python.
"""

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import Callable
from typing import cast

import uvloop

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Client(asyncio.Protocol):
    """A WebSocket or a connection for POSTs. What comes is taken to be whole, as this bench sends it."""

    upstream: int

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.is_socket = False
        self.model: Model | None = None
        self.held = b""

    def connection_lost(self, error: Exception | None) -> None:
        if self.model:
            self.model.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.is_socket:
            self._spawn(self.ask(json.loads(unmasked(data))["model"], self._frame, lambda _: None))
        elif data.startswith(b"GET"):
            self.is_socket = True
            self.transport.write(accepted(data))
        else:
            self.held += data
            head, _, body = self.held.partition(b"\r\n\r\n")
            if len(body) == length_of(head):
                self.held = b""
                self._spawn(self.ask(json.loads(body)["model"], lambda _: None, self._answer))

    async def ask(self, name: str, said: Callable[[str], None], ended: Callable[[str], None]) -> None:
        """Ask the model over one connection that is kept."""
        if self.model is None:
            loop = asyncio.get_running_loop()
            _, self.model = await loop.create_connection(Model, "127.0.0.1", self.upstream)
        self.model.ask(name, said, ended)

    def _spawn(self, work: object) -> None:
        self.task = asyncio.ensure_future(work)  # type: ignore[call-overload]

    def _frame(self, text: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(framed(json.dumps({"type": "delta", "text": text}).encode()))

    def _answer(self, text: str) -> None:
        body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


class Model(asyncio.Protocol):
    """The model's side of a relay."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, name: str, said: Callable[[str], None], ended: Callable[[str], None]) -> None:
        """Ask; each piece goes to `said`, the whole to `ended`."""
        self.said, self.ended, self.parts, self.held = said, ended, list[str](), b""
        body = json.dumps({"model": name, "stream": True, "messages": []}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: model\r\ncontent-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        *events, self.held = (self.held + data).split(b"\n\n")
        for event in events:
            payload = event.rpartition(b"data: ")[2]
            if payload == b"[DONE]":
                self.ended("".join(self.parts))
            elif (choices := json.loads(payload)["choices"]) and "content" in choices[0]["delta"]:
                self.parts.append(choices[0]["delta"]["content"])
                self.said(self.parts[-1])


def accepted(request: bytes) -> bytes:
    """Return the answer to the request for a WebSocket."""
    key = request.lower().index(b"sec-websocket-key:") + len("sec-websocket-key:")
    sent = request[key:].split(b"\r\n")[0].strip()
    accept = base64.b64encode(hashlib.sha1(sent + MAGIC, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: " + accept + b"\r\n\r\n"
    )


def length_of(head: bytes) -> int:
    """Return the content-length of a head."""
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])


def framed(payload: bytes) -> bytes:
    """Return a text frame of a server."""
    size = len(payload)
    return bytes((0x81, size)) + payload if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big") + payload


def unmasked(data: bytes) -> bytes:
    """Return the payload of a client's frame."""
    size = data[1] & 0x7F
    start = 2 if size < 126 else 4
    mask, payload = data[start : start + 4], data[start + 4 :]
    return bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


async def main(port: int, upstream: int) -> None:
    Client.upstream = upstream
    server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))

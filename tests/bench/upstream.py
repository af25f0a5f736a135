"""A model that costs next to nothing: OpenAI's wire format, written out beforehand, one token a tick.

The model's name is its script: `bench-400-20` answers 400 tokens at 20 a second, `bench-8-0` all at once,
`bench-sentiment-0` what the schema of that name asks for.
Each token of a paced answer is the moment at which it was sent, so that whoever receives it knows how long
it was under way.
"""

import asyncio
import json
import random
import sys
import time
from typing import cast

import uvloop

SENTIMENT = '{"sentiment": "positive", "confidence": 0.9, "reasoning": "It says so."}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
OPEN = (
    '{"id":"b","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,"delta":{'
)
END = OPEN + '},"finish_reason":"stop"}]}'
USED = (
    '{"id":"b","object":"chat.completion.chunk","created":1,"model":"bench","choices":[],'
    '"usage":{"prompt_tokens":9,"completion_tokens":%d,"total_tokens":%d}}'
)


def event(data: str) -> bytes:
    """Return a server-sent event as one chunk of the body."""
    body = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(body), body)


def token(text: str) -> bytes:
    return event(f'{OPEN}"role":"assistant","content":{json.dumps(text)}}},"finish_reason":null}}]}}')


def whole(text: str, tokens: int) -> bytes:
    """Return an answer that is not streamed."""
    message = {"role": "assistant", "content": text}
    body = json.dumps(
        {
            "id": "b", "object": "chat.completion", "created": 1, "model": "bench",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens},
        }
    ).encode()  # fmt: skip
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    return head + body


class Model(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.held = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        if self.timer:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, found, rest = self.held.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(rest) < length:
            return
        self.held = rest[length:]
        self.answer(json.loads(rest[:length]))

    def answer(self, request: dict[str, object]) -> None:
        _, said, rate = str(request["model"]).rpartition(":")[2].split("-")
        self.count = self.left = int(said) if said.isdecimal() else 20
        self.rate = float(rate)
        if not request.get("stream"):
            self.transport.write(whole("".join(self.words(said)), self.count))
            return
        self.transport.write(HEAD)
        if not self.rate:
            self.transport.write(b"".join(map(token, self.words(said))) + self.ending())
            return
        self.timer = asyncio.get_running_loop().call_later(random.random() / self.rate, self.tick)  # noqa: S311

    def tick(self) -> None:
        if not self.left:
            self.transport.write(self.ending())
            return
        self.left -= 1
        self.transport.write(token(f"{time.monotonic():.6f} "))
        self.timer = asyncio.get_running_loop().call_later(1 / self.rate, self.tick)

    def words(self, said: str) -> list[str]:
        return [SENTIMENT] if said == "sentiment" else ["word "] * self.count

    def ending(self) -> bytes:
        return event(END) + event(USED % (self.count, self.count + 9)) + event("[DONE]") + b"0\r\n\r\n"


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

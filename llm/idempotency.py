"""A request that names itself by an Idempotency-Key is carried out once, however often and wherever it comes.

The first to come does the work, under a lease: should its process die, the next one takes over. The work
outlives its client. All others wait and get the same answer, as do those who come later, until `purge`
removes it. An answer that says "try again" is no answer for those who come later.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from llm import runloop
from llm.lease import Lease, carry_out
from llm.models import KeptAnswer
from llm.types import Owner

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
BROKEN = re.compile(rb'^(event: error$|data: \{"error")', re.MULTILINE)  # how a stream says that it failed
LAST_EVENTS = 8192  # bytes

type Work = Callable[[], Awaitable[HttpResponseBase]]


class BadKey(Exception):
    """The header cannot be a key."""

    code, status = "invalid", 422

    def __init__(self) -> None:
        self.sentence = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        super().__init__(self.sentence)


class KeyTaken(Exception):
    """The key belongs to something else."""

    code, status = "conflict", 409

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A request that names itself; `fingerprint` is what it asks."""

    owner: Owner
    key: str
    fingerprint: str

    @property
    def caller(self) -> str:
        """Whose key it is: two callers may choose the same."""
        return f"key:{self.owner.key_id.hex}" if self.owner.key_id else f"user:{self.owner.user_id}"


def named(request: HttpRequest, owner: Owner | None) -> Named | None:
    """Return a request's name, None if it has none or comes from nobody; raises BadKey."""
    key = request.headers.get(HEADER)
    if key is None or owner is None or owner.user_id is None:
        return None
    if not KEY.fullmatch(key):
        raise BadKey
    boundary = (request.content_params or {}).get("boundary", "").encode()  # made up for each sending
    body = request.body.replace(boundary, b"") if boundary else request.body
    asked = b"\0".join([(request.method or "").encode(), request.get_full_path().encode(), body])
    return Named(owner=owner, key=key, fingerprint=hashlib.sha256(asked).hexdigest())


async def once(request: Named, work: Work) -> HttpResponseBase:
    """Return what `work` answers, here or elsewhere, now or before; raises KeyTaken."""
    row = await sync_to_async(_row)(request)
    if row.fingerprint != request.fingerprint:
        raise KeyTaken(_("This Idempotency-Key was used for another request. Choose a new one."))
    if row.is_final:
        return _replayed(row)
    live = Live()
    working = runloop.outlive(carry_out(_unanswered(), row.pk, partial(_answer, work, live)))
    begun = asyncio.ensure_future(live.begun.wait())
    try:
        await asyncio.wait([working, begun], return_when=asyncio.FIRST_COMPLETED)
    finally:
        begun.cancel()
    if live.streams is not None:
        return live.streamed()
    await asyncio.shield(working)
    return live.whole or await _told(row)


class Live:
    """What the work answers, for the client that waits for it; a client that leaves ends nothing."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.whole: HttpResponse | None = None
        self.streams: HttpResponseBase | None = None
        self._parts: list[bytes] = []
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._error: BaseException | None = None
        self._ended = False

    async def take(self, response: HttpResponseBase) -> bytes:
        """Show a response as it comes, and return its body when it is whole."""
        if isinstance(response, HttpResponse):
            self.whole = response
            return response.content
        self.streams = response
        self.begun.set()
        try:
            async for part in response:  # type: ignore[attr-defined]  # it streams
                self._parts.append(part)
                self._news.set()
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._ended = True
            self._news.set()
        return b"".join(self._parts)

    def settle(self) -> None:
        """Let the reader go: the answer is kept, or never will be."""
        self._settled.set()

    def streamed(self) -> StreamingHttpResponse:
        """Return the response that is being taken, for its one reader."""
        assert self.streams is not None  # noqa: S101 who asks has seen it
        return _response(
            StreamingHttpResponse(self._read()), self.streams.status_code, dict(self.streams.items())
        )

    async def _read(self) -> AsyncIterator[bytes]:
        read = 0
        while not self._ended or read < len(self._parts):
            while read < len(self._parts):
                yield self._parts[read]
                read += 1
            if not self._ended:
                self._news.clear()
                await self._news.wait()
        await self._settled.wait()  # who has read to the end and asks again finds what became of it
        if self._error is not None:
            raise ConnectionAbortedError("The answer broke off.") from self._error


async def _answer(work: Work, live: Live, lease: Lease[KeptAnswer]) -> None:
    try:
        await _keep(lease, await work(), live)
    finally:
        live.settle()


async def _keep(lease: Lease[KeptAnswer], response: HttpResponseBase, live: Live) -> None:
    body = await live.take(response)

    def keep(row: KeptAnswer) -> None:
        row.status, row.headers, row.body = response.status_code, dict(response.items()), body
        row.is_final = _is_final(response.status_code, body)
        row.leased_until = None
        row.save(update_fields=["status", "headers", "body", "is_final", "leased_until"])

    await lease.awrite(keep)


def _is_final(status: int, body: bytes) -> bool:
    """True for what would not be another answer a moment later."""
    return (200 <= status < 300 and not BROKEN.search(body[-LAST_EVENTS:])) or status == 422


def _unanswered() -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(status=None)


def _row(request: Named) -> KeptAnswer:
    """Return the row of a key, made at its first use; one that says "try again" is open again."""
    asked = {"user_id": request.owner.user_id, "fingerprint": request.fingerprint}
    row, made = KeptAnswer.objects.get_or_create(caller=request.caller, key=request.key, defaults=asked)
    if not made and row.status is not None and not row.is_final and row.fingerprint == request.fingerprint:
        KeptAnswer.objects.filter(pk=row.pk, epoch=row.epoch, is_final=False).update(status=None)
    return row


async def _told(row: KeptAnswer) -> HttpResponseBase:
    """Return what another has answered."""
    await row.arefresh_from_db()
    if row.status is None:
        raise KeyTaken(_("The first request with this Idempotency-Key is not answered yet. Try again soon."))
    return _replayed(row)


def _replayed(row: KeptAnswer) -> HttpResponse:
    assert row.status is not None  # noqa: S101 it is answered
    return _response(HttpResponse(bytes(row.body)), row.status, {**row.headers, REPLAYED: "true"})


def _response[R: HttpResponseBase](response: R, status: int, headers: dict[str, str]) -> R:
    response.status_code = status
    for name, value in headers.items():
        response[name] = value
    return response

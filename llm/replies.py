"""Where replies are kept: in this process for a minute, in the database until they expire."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cachetools import TTLCache
from django.db import transaction
from django.utils import timezone

from llm.groupcommit import GroupCommit
from llm.groupread import GroupRead
from llm.inserting import upsert
from llm.types import Opaque, Reply, ToolCall, Usage

logger = logging.getLogger(__name__)

NEAR_ENTRIES = 1024
NEAR_SECONDS = 60.0  # a reply that another process refreshed is old here for no longer

type Row = tuple[str, Reply, int, int | None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply that is in the database, and until when."""

    reply: Reply
    expires_at: datetime


class Replies:
    """Kept replies by key. Lives on the process's loop."""

    def __init__(self) -> None:
        self._near: TTLCache[str, Reply] = TTLCache(NEAR_ENTRIES, NEAR_SECONDS)
        self._commits: GroupCommit[Row] = GroupCommit(_store, name="cache")
        self._rows: GroupRead[str, Kept] = GroupRead(_found, name="kept")

    def near(self, key: str) -> Reply | None:
        """Return a reply that this process has at hand."""
        found: Reply | None = self._near.get(key)
        return found

    async def get(self, key: str, *, stale: bool = False) -> Reply | None:
        """Return the reply for a key, with what it had cost; `stale` takes one that has expired too."""
        if (near := self.near(key)) is not None:
            return near
        kept = await self._rows.get(key)
        if kept is None:
            return None
        seconds = (kept.expires_at - timezone.now()).total_seconds()
        if seconds <= 0 and not stale:
            return None
        if seconds > NEAR_SECONDS:
            self._near[key] = kept.reply
        return kept.reply

    def put(self, key: str, reply: Reply, ttl: int, user: int | None = None) -> asyncio.Future[None]:
        """Keep a reply to a user for `ttl` seconds; found at once here, elsewhere when this is done."""
        if ttl > NEAR_SECONDS:
            self._near[key] = reply
        stored = self._commits.add((key, reply, ttl, user))
        stored.add_done_callback(_seen)
        return stored

    async def flush(self) -> None:
        """Wait until all that was put is in the database."""
        await self._commits.flush()

    async def close(self) -> None:
        """Write what waits."""
        await self._commits.close()


def _found(keys: Sequence[str]) -> dict[str, Kept]:
    from llm.models import CachedReply  # the pipeline can be imported before the apps are ready

    rows = CachedReply.objects.filter(pk__in=keys).order_by()
    return {row.key: Kept(_read(row.reply, row.model, row.cost), row.expires_at) for row in rows}


def _store(rows: Sequence[Row]) -> None:
    from llm.models import CachedReply

    now = timezone.now()
    kept = [
        {
            "key": key,
            "user_id": user,
            "model": reply.model,
            "reply": _written(reply),
            "cost": reply.cost,
            "created_at": now,
            "expires_at": now + timedelta(seconds=ttl),
        }
        for key, reply, ttl, user in rows
    ]
    with transaction.atomic():
        upsert(CachedReply, kept)


def _written(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "finish": reply.finish,
        "usage": asdict(reply.usage),
        "estimated": reply.estimated,
        "tool_calls": [asdict(call) for call in reply.tool_calls],
        "opaque": asdict(reply.opaque) if reply.opaque else None,
        "upstream_id": reply.upstream_id,
    }


def _read(kept: dict[str, Any], model: str, cost: Decimal | None) -> Reply:
    return Reply(
        text=kept["text"],
        model=model,
        finish=kept["finish"],
        usage=Usage(**kept["usage"]),
        estimated=kept["estimated"],
        tool_calls=tuple(ToolCall(**call) for call in kept["tool_calls"]),
        opaque=Opaque(**kept["opaque"]) if kept.get("opaque") else None,
        upstream_id=kept["upstream_id"],
        cost=cost,
    )


def _seen(future: Any) -> None:
    if not future.cancelled() and (error := future.exception()):
        logger.error("llm.reply_not_kept", extra={"error": repr(error)})

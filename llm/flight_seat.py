"""What one process has in a flight that many share: presence, perhaps the lease, and the news."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

from llm.flight_news import News, pack, unpack
from llm.redis_link import LOST, RedisLink

LEASE = 4.0  # seconds without a sign after which a process is taken for dead
FORGOTTEN = 60.0  # seconds after the last sign of a leader in which its news can be read
AT_ONCE = 500  # pieces of news read at once

ENTER = """
local leader = redis.call('GET', KEYS[1])
if not leader then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return ARGV[1]
end
if leader ~= ARGV[1] then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return leader
"""

LEAVE = """
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""

RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
"""

FOLLOWED = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
if redis.call('ZCARD', KEYS[2]) > 0 then return 1 end
redis.call('DEL', KEYS[1])
return 0
"""


class Seat:
    """The keys of a flight: `:leader` holds the leader's name and lapses, `:readers` who follows and until
    when that counts, and one more, named after the leader, is the stream of its news."""

    def __init__(self, link: RedisLink, key: str) -> None:
        self.link = link
        self.name = uuid.uuid4().hex
        self._base = f"parley:flight:{{{key}}}"

    async def enter(self) -> str:
        """Be there for `LEASE` seconds more; returns who leads: this seat, if nobody did."""
        leader: bytes = await self._run(ENTER, LEASE)
        return leader.decode()

    async def leave(self) -> None:
        """Be gone, and let somebody else lead."""
        with contextlib.suppress(*LOST):  # then it lapses
            await asyncio.shield(asyncio.ensure_future(self._run(LEAVE)))

    async def renew(self) -> None:
        """Keep the lease, if this seat has it still."""
        await self._run(RENEW, LEASE, FORGOTTEN)

    async def followed(self) -> bool:
        """Tell whether anybody follows; if not the lease ends with that, so that nobody begins to."""
        return bool(await self._run(FOLLOWED))

    async def publish(self, news: Sequence[News]) -> None:
        """Append to the news of this seat."""
        stream = self._stream(self.name)
        async with self.link.redis.pipeline(transaction=True) as pipe:
            for one in news:
                pipe.xadd(stream, {"news": pack(one)})
            pipe.pexpire(stream, _ms(FORGOTTEN))
            await pipe.execute()

    async def news(self, leader: str, after: bytes) -> list[tuple[bytes, News]]:
        """Return what a leader published after an entry, each piece with the name of its entry."""
        found: Any = await self.link.redis.xread({self._stream(leader): after}, count=AT_ONCE)
        return [(entry, unpack(fields[b"news"])) for entry, fields in found[0][1]] if found else []

    def _stream(self, leader: str) -> str:
        return f"{self._base}:{leader}"

    async def _run(self, script: str, *seconds: float) -> Any:
        keys = (f"{self._base}:leader", f"{self._base}:readers", self._stream(self.name))
        return await self.link.redis.eval(script, len(keys), *keys, self.name, *map(_ms, seconds))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

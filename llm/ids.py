"""UUIDv7 (RFC 9562, section 5.7): ids that leave the server and sort by the time they were made."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """Return an id greater than all that this process made before.

    48 bits of milliseconds, 12 bits of their fraction (method 3 of section 6.2), 62 random bits.
    """
    moment = _next_moment()
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=(moment >> 12 << 80) | 0x7 << 76 | (moment & 0xFFF) << 64 | 0x2 << 62 | random)


def _next_moment() -> int:
    """Units of 1/4096 ms since 1970, each given out once."""
    global _last
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    with _lock:
        _last = max(_last + 1, milliseconds << 12 | rest * 4096 // 1_000_000)
        return _last

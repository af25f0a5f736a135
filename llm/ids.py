"""UUIDv7 (RFC 9562, section 5.7): ids that leave the server and sort by the time they were made."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    return uuid.UUID(int=value)

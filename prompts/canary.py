"""Who is on the canary: a lot that falls once for each subject and stays."""

import hashlib

LOTS = 2**64


def is_in(subject: str, weight: int) -> bool:
    """True for `weight` percent of the subjects; who is in at one weight is in at every higher one."""
    lot = int.from_bytes(hashlib.sha256(subject.encode("utf-8", "surrogatepass")).digest()[:8])
    return lot * 100 < weight * LOTS

"""Where a rule is worth trying: plain search is fifty times faster than a pattern that starts anywhere."""

import string
from collections.abc import Iterable, Iterator

_KINDS = bytes(
    ord("a" if chr(octet) in string.ascii_letters else "0" if chr(octet) in string.digits else ".")
    for octet in range(256)
)


def count_digits(text: str) -> int:
    """Return how many ASCII digits there are: with too few for a number there is no number to look for."""
    octets = text.encode("utf-8", "surrogatepass")  # counting in a text takes four times as long
    return len(octets) - len(octets.translate(None, b"0123456789"))


def kinds(text: str) -> str:
    """Return `a` for each ASCII letter, `0` for each digit, and at least one dot for any other character."""
    return text.encode("utf-8", "surrogatepass").translate(_KINDS).decode()


def folded(text: str) -> str:
    """Return the text in lower case, each character at the place where it was."""
    return text.replace("\u0130", "I").lower()  # the one letter that becomes two


def places(text: str, needle: str) -> Iterator[int]:
    """Yield where `needle` begins."""
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def all_places(text: str, needles: Iterable[str]) -> list[int]:
    """Return where any of the needles begins, in order."""
    return sorted({at for needle in needles if needle in text for at in places(text, needle)})

"""Texts that come again and again, as prompts, schemas and earlier turns do with every call."""

from collections.abc import Callable
from hashlib import blake2b

MOST = 4096  # texts that are remembered, in half a megabyte


class Once:
    """Hides what `hide` finds; a text in which it found nothing is not looked through again.

    What is remembered of a text is its digest alone. For many threads.
    """

    def __init__(self, hide: Callable[[str], str], *, most: int = MOST) -> None:
        self._hide = hide
        self._most = most
        self._clean: set[bytes] = set()

    def __len__(self) -> int:
        """Return how many texts are remembered."""
        return len(self._clean)

    def __call__(self, text: str) -> str:
        """Return what `hide` does; the text can be written as UTF-8."""
        digest = blake2b(text.encode(), digest_size=32).digest()
        if digest in self._clean:
            return text
        shown = self._hide(text)
        if shown == text:
            self._remember(digest)
        return shown

    def _remember(self, digest: bytes) -> None:
        if len(self._clean) >= self._most:
            self._clean.clear()  # those that come often are back at once
        self._clean.add(digest)

"""A stream that keeps time, as a model does."""

import asyncio


class Pace:
    """Lets so many deltas pass in a second, in place of a Gate; who is late catches up."""

    def __init__(self, per_second: float) -> None:
        self._step = 1 / per_second
        self._due = 0.0

    async def passed(self) -> None:
        """Wait for the next delta's turn; the server calls this."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due + self._step, now - 1)
        if self._due > now:
            await asyncio.sleep(self._due - now)

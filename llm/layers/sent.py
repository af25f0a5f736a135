"""Did a delta reach a reader? After the first nobody retries or falls back."""

from llm.types import Delta, Emit, discard


class Sent:
    """An emit that remembers whether it was used; a caller that reads no deltas has seen nothing."""

    __slots__ = ("emit", "used")

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.used = False

    async def __call__(self, delta: Delta) -> None:
        if self.emit is not discard and (delta.text or delta.tool_call):
            self.used = True
        await self.emit(delta)

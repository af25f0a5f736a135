"""Did a delta reach a reader? After the first nobody retries or falls back."""

from llm.types import Delta, Emit, discard


class Sent:
    """An emit that remembers whether it was used; a caller that reads no deltas has seen nothing.

    A flight knows better than we whether anybody saw what came: it says so by `seen`, and forgets what
    nobody saw by `restart`.
    """

    __slots__ = ("_is_read", "_used", "emit")

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self._is_read = is_read(emit)
        self._used = False

    @property
    def used(self) -> bool:
        seen: bool = getattr(self.emit, "seen", self._used)
        return seen

    async def __call__(self, delta: Delta) -> None:
        if self._is_read and (delta.text or delta.tool_call):
            self._used = True
        await self.emit(delta)

    def restart(self) -> None:
        """Another attempt begins: what came of the last one is void."""
        if hasattr(self.emit, "restart"):
            self.emit.restart()


def is_read(emit: Emit) -> bool:
    """Tell whether anybody reads what is emitted, through however many layers."""
    while isinstance(emit, Sent):
        emit = emit.emit
    return emit is not discard

"""An extraction as it comes: the value that grows, and the items of a list as each is whole."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from llm.extraction.compiler import Plan
from llm.extraction.contracts import Contract
from llm.extraction.items import item_contract
from llm.extraction.parsing import Parsed
from llm.extraction.prefix import Open, Prefix, grows
from llm.types import Delta, Emit, Tab

FINER = 50  # a value is looked at anew when it has grown by one part in so many: long ones cost no square

type Show = Callable[[Any], Awaitable[None]]


class Showing:
    """What was shown once is never taken back: what a later attempt says otherwise is held back."""

    def __init__(self, contract: Contract, on_partial: Show | None, on_item: Show | None) -> None:
        self.contract = contract
        self.on_partial = on_partial
        self.on_item = on_item
        self.item = item_contract(contract) if on_item else None
        self.shown: Any = None
        self.has_shown = False
        self.items: list[Any] = []  # as the model wrote them, those that were shown

    def begin(self, tab: Tab) -> Emit:
        """Return what takes the deltas of one attempt; `tab` says which model they come from."""
        prefix = Prefix()
        due = 0

        async def emit(delta: Delta) -> None:
            nonlocal due
            prefix.feed(delta.text or (delta.tool_call.arguments if delta.tool_call else ""))
            if len(prefix.text) >= due or prefix.ended:
                due = len(prefix.text) + len(prefix.text) // FINER + 1
                await self._look(prefix.value(), self.contract.plan(tab.model))

        return emit

    async def _look(self, found: Open | None, way: Plan) -> None:
        if found is None:
            return
        value, is_open = way.partly_back(found.value, found.depth)
        if self.on_item is not None and isinstance(value, list):
            await self._show_items(value[: len(value) - is_open])
        if self.on_partial is None or not isinstance(value, (dict, list)) or not value:
            return
        if not self.has_shown or (grows(self.shown, value) and value != self.shown):
            self.shown, self.has_shown = value, True
            await self.on_partial(value)

    async def _show_items(self, whole: list[Any]) -> None:
        """Show the items that are whole and valid and follow those that were shown."""
        assert self.on_item is not None and self.item is not None  # noqa: S101, PT018 asked before
        if whole[: len(self.items)] != self.items:
            return
        for value in whole[len(self.items) :]:
            checked = self.item.check(Parsed(value=value, source=json.dumps(value, ensure_ascii=False)))
            if checked.faults:
                return
            self.items.append(value)
            await self.on_item(checked.data)

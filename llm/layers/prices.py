"""Know the prices of the moment before anything is estimated or booked."""

import asyncio

from asgiref.sync import sync_to_async

from llm.rates import Book
from llm.types import Emit, Handler, Reply, Request


class Prices:
    """Read the book again once it is stale; those who come meanwhile wait for the one who reads."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._reading = asyncio.Lock()

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        if self.book.stale:
            async with self._reading:
                if self.book.stale:
                    await sync_to_async(self.book.read)()
        return await call(request, emit)

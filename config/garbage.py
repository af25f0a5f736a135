"""Keep the garbage collector out of the way of answers that flow.

A full collection goes through all that was imported, which is a third of a second in which no token moves,
and finds nothing there.
"""

import asyncio
import gc

LATER = (3.0, 30.0)  # seconds after which more has been imported: for the first call, and for other requests


async def spare() -> None:
    """Never look at what is there once the process has started; a starter of the server."""
    gc.freeze()
    for seconds in LATER:
        asyncio.get_running_loop().call_later(seconds, gc.freeze)

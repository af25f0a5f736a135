"""Keep the garbage collector out of the way of answers that flow.

A full collection goes through all that was imported, which is a third of a second in which no token moves,
and finds nothing there. Few of our own objects form cycles: those that do may wait until there are many.
"""

import asyncio
import gc

LATER = (3.0, 30.0)  # seconds after which more has been imported: for the first call, and for other requests
MANY = 10_000  # objects more than at the last look
SELDOM = 20  # looks at the young ones for each at those that stayed


async def spare() -> None:
    """Look seldom, and never at what is there once the process has started; a starter of the server."""
    gc.set_threshold(MANY, SELDOM, SELDOM)
    gc.freeze()
    for seconds in LATER:
        asyncio.get_running_loop().call_later(seconds, gc.freeze)

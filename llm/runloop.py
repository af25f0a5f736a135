"""The one event loop of a process: it owns the HTTP clients, the flights and the group commit.

A server adopts its own loop at start-up; any other process (a command, a worker, a test session) gets a
thread of its own for it at the first use. Clients of a loop that was closed are useless, so nothing here
ever makes a second one beside it.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_closers: list[Callable[[], Awaitable[None]]] = []


def adopt() -> None:
    """Make the running loop this process's; raises RuntimeError if another one serves already."""
    global _loop
    running = asyncio.get_running_loop()
    with _lock:
        if _loop not in (None, running) and not _loop.is_closed():
            raise RuntimeError("This process has its event loop already.")
        _loop = running


def get() -> asyncio.AbstractEventLoop:
    """Return the process's loop, starting a thread for it if there is none."""
    global _loop, _thread
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="parley-loop", daemon=True)
            _thread.start()
        return _loop


def on_close(close: Callable[[], Awaitable[None]]) -> None:
    """Await `close` when the loop ends; the last registered is the first awaited."""
    _closers.append(close)


def submit[T](work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run `work` on the process's loop from any thread."""
    return asyncio.run_coroutine_threadsafe(work, get())


def wait[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on the process's loop and block for its result; for code that has no loop of its own."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return submit(work).result()
    work.close()
    raise RuntimeError(f"Await this instead: {running} would wait for itself.")


async def join[T](work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, on the process's loop; cancelling the caller cancels the work."""
    if asyncio.get_running_loop() is get():
        return await work
    return await asyncio.wrap_future(submit(work))


async def close() -> None:
    """Await what was registered by `on_close`; runs on the process's loop."""
    while _closers:
        await _closers.pop()()


def stop() -> None:
    """Close everything and end the thread, if this process has one."""
    global _loop, _thread
    if _thread is None or _loop is None:
        return
    submit(close()).result()
    _loop.call_soon_threadsafe(_loop.stop)
    _thread.join()
    _loop.close()
    _loop = _thread = None

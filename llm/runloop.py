"""The one event loop of a process: it owns the HTTP clients, the flights and the group commit.

A server adopts its own loop at start-up; any other process (a command, a worker, a test session) gets a
thread of its own for it at the first use. Clients of a loop that was closed are useless, so nothing here
ever makes a second one beside it.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context
from typing import Any, ClassVar

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.conf import settings
from django.db import connections
from django.utils import translation

from llm import lending, origin

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_outliving: set[asyncio.Task[Any]] = set()
_closers: list[Callable[[], Awaitable[object]]] = []


_database_thread = ThreadSensitiveContext()  # where the loop's own work meets Django's ORM


def _context() -> Context:
    """Return a context for work of the loop, in which the ORM's thread is the loop's and not a request's.

    Of the caller's context it keeps where the work comes from.
    A request's thread waits in a middleware for its view and is gone with the request: what the view waits
    for would wait for the view, and what goes on after it would find no thread.
    """
    context = Context()
    context.run(SyncToAsync.thread_sensitive_context.set, _database_thread)
    origin.carry_into(context)
    return context


async def release(context: ThreadSensitiveContext) -> None:
    """End the thread that a context has, if it has one, and close its database connections."""
    if thread := SyncToAsync.context_to_thread_executor.pop(context, None):
        await asyncio.get_running_loop().run_in_executor(thread, connections.close_all)
        thread.shutdown(wait=False)


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


def on_close(close: Callable[[], Awaitable[object]]) -> None:
    """Await `close` when the loop ends; the last registered is the first awaited."""
    _closers.append(close)


def submit[T](work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run `work` on the process's loop from any thread."""
    return _Crossing(work).outcome


def wait[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on the process's loop and block for its result; for code that has no loop of its own."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        lending.give_back()
        return _block(_Crossing(work))
    work.close()
    raise RuntimeError(f"Await this instead: {running} would wait for itself.")


def begin[T](work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin `work` as a task of the process's loop, from that loop; the caller ends it."""
    return asyncio.get_running_loop().create_task(work, context=_context())


async def join[T](work: Coroutine[Any, Any, T]) -> T:
    """Await `work` as a task of the process's loop; cancelling the caller cancels it and awaits its end."""
    if asyncio.get_running_loop() is get():
        task = begin(work)
        return await _outcome(task, task.cancel)
    crossing = _Crossing(work)
    return await _outcome(asyncio.wrap_future(crossing.outcome), crossing.cancel)


def outlive[T](work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin `work` in the caller's language and beside it: its end does not end it, that of the loop does."""
    get()  # who ends it, and gives its connection back
    context = _context()
    context.run(translation.activate, translation.get_language() or settings.LANGUAGE_CODE)
    task = asyncio.get_running_loop().create_task(work, context=context)
    if _end_outliving not in _closers:
        on_close(_end_outliving)
    _outliving.add(task)
    task.add_done_callback(_outliving.discard)
    return task


async def _end_outliving() -> None:
    await _cancelled(set(_outliving))


async def close() -> None:
    """Await all that was registered by `on_close`; runs on the process's loop.

    Raises what failed, as a group, after all were awaited.
    """
    failures: list[Exception] = []
    while _closers:
        try:
            await _closers.pop()()
        except Exception as error:
            failures.append(error)
    await release(_database_thread)
    if failures:
        raise ExceptionGroup("Not everything could be closed.", failures)


def stop() -> None:
    """End the work that other threads sent, close everything and end the thread, if this process has one."""
    global _loop, _thread
    if _thread is None or _loop is None:
        return
    try:
        asyncio.run_coroutine_threadsafe(_end(), _loop).result()
    finally:
        _loop.call_soon_threadsafe(_loop.stop)
        _thread.join()
        _loop.close()
        _loop = _thread = None


class _Crossing[T]:
    """Work that was sent to the loop from another thread; `outcome` is done when the work has truly ended."""

    under_way: ClassVar[set[asyncio.Task[Any]]] = set()

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.outcome: Future[T] = Future()
        self.outcome.set_running_or_notify_cancel()  # only `cancel` below cancels it
        self._work = work
        self._context = _context()  # the caller's thread knows where the work comes from, the loop's does not
        self._task: asyncio.Task[T] | None = None
        self._loop = get()
        self._loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> None:
        self._loop.call_soon_threadsafe(self._cancel)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._work, context=self._context)
        self.under_way.add(self._task)
        self._task.add_done_callback(self._ended)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[T]) -> None:
        self.under_way.discard(task)
        if task.cancelled():
            self.outcome.set_exception(asyncio.CancelledError())
        elif error := task.exception():
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(task.result())


async def _outcome[T](ended: asyncio.Future[T], cancel: Callable[[], object]) -> T:
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        if not ended.done():
            cancel()
            await asyncio.wait([ended])
        if not ended.cancelled():
            ended.exception()  # nobody will ask for it any more
        raise


def _block[T](crossing: _Crossing[T]) -> T:
    try:
        return crossing.outcome.result()
    except BaseException:
        if not crossing.outcome.done():  # Ctrl-C: what came until then goes on the books
            crossing.cancel()
            concurrent.futures.wait([crossing.outcome])
        raise


async def _end() -> None:
    await _cancelled(set(_Crossing.under_way))
    try:
        await close()
    finally:
        mine = asyncio.current_task()
        await _cancelled({task for task in asyncio.all_tasks() if task is not mine})
        loop = asyncio.get_running_loop()
        await loop.shutdown_asyncgens()
        await loop.shutdown_default_executor()


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async

from llm import runloop


async def where() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def until_cancelled(seen: list[str], begun: threading.Event) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0)  # cleaning up takes a moment
        seen.append("cleaned up")
        raise


def test_a_command_waits_for_work_on_the_loop() -> None:
    assert runloop.wait(where()) is runloop.get()


def test_all_threads_share_one_loop() -> None:
    with ThreadPoolExecutor(8) as threads:
        loops = set(threads.map(lambda _: runloop.wait(where()), range(32)))
    assert loops == {runloop.get()}


async def test_code_with_a_loop_of_its_own_joins() -> None:
    assert await runloop.join(where()) is runloop.get()
    assert await runloop.join(where()) is not asyncio.get_running_loop()


async def test_it_never_blocks_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="Await this instead"):
        runloop.wait(where())


async def test_a_server_makes_its_own_loop_the_process_s() -> None:
    runloop.adopt()
    runloop.adopt()
    assert runloop.get() is asyncio.get_running_loop()
    assert await runloop.join(where()) is asyncio.get_running_loop()


async def test_there_is_never_a_second_loop() -> None:
    runloop.get()
    with pytest.raises(RuntimeError, match="has its event loop already"):
        runloop.adopt()


async def test_what_the_work_raises_arrives() -> None:
    async def fails() -> None:
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError, match="oh"):
        await runloop.join(fails())
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(runloop.wait, fails())


async def test_cancelling_who_waits_cancels_the_work_and_waits_for_its_end() -> None:
    seen: list[str] = []
    begun = threading.Event()
    task = asyncio.create_task(runloop.join(until_cancelled(seen, begun)))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cleaned up"]


async def test_cancelling_before_the_work_began_is_quiet() -> None:
    task = asyncio.create_task(runloop.join(where()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_last_opened_is_the_first_closed() -> None:
    closed: list[str] = []

    def closer(name: str) -> None:
        async def close() -> None:
            closed.append(name)

        runloop.on_close(close)

    runloop.get()
    closer("first")
    closer("second")
    runloop.stop()
    assert closed == ["second", "first"]


def test_one_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    closed: list[str] = []

    async def closes() -> None:
        closed.append("the other")

    async def fails() -> None:
        raise OSError("gone")

    runloop.get()
    runloop.on_close(closes)
    runloop.on_close(fails)
    with pytest.raises(ExceptionGroup):
        runloop.stop()
    assert closed == ["the other"]


def test_stopping_ends_what_is_under_way_first() -> None:
    seen: list[str] = []
    begun = threading.Event()

    async def close() -> None:
        seen.append("closed")

    runloop.on_close(close)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(runloop.wait, until_cancelled(seen, begun))
        begun.wait()
        runloop.stop()
        with pytest.raises(asyncio.CancelledError):
            waiting.result()
    assert seen == ["cleaned up", "closed"]


def test_after_a_stop_a_new_loop_serves() -> None:
    first = runloop.get()
    runloop.stop()
    assert first.is_closed()
    assert runloop.wait(where()) is runloop.get()


def test_a_stop_ends_tasks_that_nobody_else_ends() -> None:
    async def leave_one_behind() -> asyncio.Task[None]:
        return asyncio.create_task(until_cancelled([], threading.Event()))

    task = runloop.wait(leave_one_behind())
    runloop.stop()
    assert task.cancelled()


async def test_what_outlives_a_request_still_finds_the_database() -> None:
    runloop.adopt()
    answered = asyncio.Event()

    async def write_later() -> str:
        await answered.wait()
        return await sync_to_async(lambda: "written")()

    async def begin() -> asyncio.Task[str]:
        return asyncio.create_task(write_later())

    async with ThreadSensitiveContext():  # what Django opens for each request
        task = await runloop.join(begin())
    answered.set()
    assert await task == "written"
    await runloop.close()


async def test_a_view_may_wait_for_work_that_needs_the_database() -> None:
    """Behind a sync middleware the request's only thread is busy waiting for the view."""
    runloop.adopt()

    async def needs_the_database() -> str:
        return await asyncio.create_task(sync_to_async(lambda: "read")())

    @async_to_sync
    async def view() -> str:
        return await runloop.join(needs_the_database())

    async with ThreadSensitiveContext():
        assert await asyncio.wait_for(sync_to_async(view)(), 10) == "read"
    await runloop.close()

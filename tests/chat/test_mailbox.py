import uuid

from chat.frames import Delta, End, Error, Event, Start
from chat.mailbox import Mailbox

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def start(generation: uuid.UUID = ONE) -> Start:
    return Start(
        generation=generation,
        message=uuid.uuid4(),
        parent=None,
        client_id=None,
        model="local:smollm2",
        prompt="assistant",
        prompt_version=1,
    )


def flush(seq: int, text: str = "x", generation: uuid.UUID = ONE) -> Delta:
    return Delta(generation=generation, first=seq, last=seq, text=text)


def end(seq: int, generation: uuid.UUID = ONE) -> End:
    return End(
        generation=generation,
        seq=seq,
        finish="completed",
        usage={},
        cost=None,
        cached=False,
        first_token_ms=None,
        total_ms=None,
    )


def filled(*events: Event, most: int = 1000) -> Mailbox:
    mailbox = Mailbox(most)
    for event in events:
        mailbox.take(event)
    return mailbox


async def test_flushes_that_wait_together_come_as_one_frame() -> None:
    mailbox = filled(start(), flush(1, "a"), flush(2, "b"), flush(3, "c"))
    await mailbox.get()
    assert await mailbox.get() == Delta(generation=ONE, first=1, last=3, text="abc")


async def test_two_answers_are_not_mixed() -> None:
    mailbox = filled(start(), start(OTHER), flush(1, "a"), flush(1, "b", OTHER), flush(2, "c"))
    frames = [await mailbox.get() for _ in range(5)]
    assert [frame.text for frame in frames if isinstance(frame, Delta)] == ["a", "b", "c"]


async def test_flushes_of_an_answer_that_it_does_not_follow_and_those_seen_before_are_dropped() -> None:
    mailbox = filled(flush(1, generation=OTHER), start(), flush(1, "a"), flush(1, "again"), end(1))
    kinds = [type(await mailbox.get()) for _ in range(3)]
    assert kinds == [Start, Delta, End]


async def test_a_start_of_an_answer_that_the_socket_was_told_of_is_dropped() -> None:
    mailbox = filled(start(), flush(1, "early"))  # it came while the state was read
    mailbox.tell([ONE])
    mailbox.take(start())
    mailbox.follow(ONE, 1)
    mailbox.take(flush(2, "late"))
    assert await mailbox.get() == flush(2, "late")


async def test_too_much_that_nobody_fetches_is_dropped_and_nothing_more_is_taken() -> None:
    mailbox = filled(start(), *(flush(seq, "x" * 300) for seq in range(1, 6)))
    assert mailbox.closed
    assert not mailbox._waiting


async def test_errors_that_nobody_fetches_are_bounded_too() -> None:
    mailbox = filled()
    for _ in range(10):
        mailbox.put(Error(code="bad_frame", text="This frame cannot be read."))
    assert mailbox.closed


async def test_one_long_frame_is_a_catching_up_and_no_overflow() -> None:
    mailbox = filled()
    mailbox.put(flush(1, "x" * 5000))
    mailbox.put(end(1))
    assert not mailbox.closed

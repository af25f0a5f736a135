from chat.bucket import Bucket


def test_after_a_burst_frames_pass_at_the_rate() -> None:
    now = 0.0
    bucket = Bucket(rate=2, burst=3, clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]
    now = 0.5
    assert [bucket.take(), bucket.take()] == [0, 0.5]


def test_it_never_holds_more_than_a_burst() -> None:
    now = 0.0
    bucket = Bucket(rate=2, burst=3, clock=lambda: now)
    now = 1000.0
    assert [bucket.take() > 0 for _ in range(4)] == [False, False, False, True]

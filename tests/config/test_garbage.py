"""The collector never looks at what the start has left."""

import gc
from collections.abc import Iterator

import pytest

from config.garbage import spare


@pytest.fixture
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
async def test_what_is_there_at_the_start_is_spared_and_what_comes_is_not() -> None:
    await spare()
    kept = gc.get_freeze_count()
    young: list[object] = []
    young.append(young)
    assert kept > 10_000
    assert any(found is young for found in gc.get_objects())
    young.clear()

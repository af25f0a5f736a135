"""A program with a key, a scripted model, and a worker that a test runs itself."""

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from llm import runloop
from llm.batches.runner import carry_out
from llm.batches.service import Order, start
from llm.batches.texts import Text
from llm.extraction.schemas import of_code
from llm.models import Batch
from llm.types import Owner
from tests.config.calling import api, key, model, prompts, stranger, wire

__all__ = ["api", "key", "model", "prompts", "stranger", "wire"]


@pytest.fixture(autouse=True)
def _hurry(settings: Any) -> None:
    """Batches are not held up by the provider's rate."""
    settings.PARLEY = settings.PARLEY.model_copy(update={"parley_rate": "100000/minute"})


def make_batch(user: Any, *texts: str, **order: Any) -> Batch:
    """Queue texts for `sentiment`."""
    asked = Order(schema=of_code()["sentiment"], **order)
    return start(asked, [Text(text=text) for text in texts], Owner(user_id=user.pk))


def worked(batch: Batch, *, seconds: float = 60) -> Batch:
    """Do what a worker does with a batch, and return how it stands."""
    runloop.wait(carry_out(batch.pk, seconds=seconds))
    batch.refresh_from_db()
    return batch


async def aworked(batch_id: str) -> None:
    """The same from a test on the loop."""
    await runloop.join(carry_out(uuid.UUID(batch_id)))


async def count(**conditions: Any) -> int:
    """Return how many batches there are."""
    return await sync_to_async(Batch.objects.filter(**conditions).count)()

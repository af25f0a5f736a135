"""One text of a batch: what it came to, or that its time has not come."""

import logging
from dataclasses import dataclass

from django.db import DatabaseError

from llm import problems
from llm.batches.feed import MOST_TRIES, Outcome
from llm.errors import LLMError, Overloaded, QuotaExceeded, RateLimited, Shed, Unavailable
from llm.extraction import Extraction, extract
from llm.extraction.contracts import plain
from llm.extraction.schemas import Named
from llm.models import Batch, BatchItem
from llm.types import Owner

logger = logging.getLogger(__name__)

FEATURE = "batch"  # in the ledger, in budgets and in the quota
FAULT = "Something went wrong on our side. The log of the worker says what."
PASSES = (RateLimited, Overloaded, Unavailable)  # the text is not to blame, and waiting helps
OURS = (QuotaExceeded, Shed)  # limits of this site: they always pass
LONGEST = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """Ask again after `seconds`; `counted` unless the wait says nothing about the model."""

    seconds: float
    counted: bool


async def tried(batch: Batch, schema: Named, item: BatchItem) -> Outcome | NotNow:
    """Extract the text; whatever goes wrong is its own problem."""
    try:
        done = await extract(
            schema.schema,
            item.text,
            model=batch.model or None,
            max_attempts=batch.max_attempts,
            cache=batch.cache,
            deadline=batch.timeout,
            feature=FEATURE,
            owner=Owner(user_id=batch.user_id, key_id=batch.key_id),
        )
    except DatabaseError:
        logger.exception("batch.item_put_back", extra={"batch": str(batch.pk), "index": item.index})
        return NotNow(seconds=min(2.0**item.tries, LONGEST), counted=True)
    except PASSES as error:
        return _later(item, error)
    except LLMError as error:
        return _failed(error)
    except Exception as error:
        if isinstance(error, problems.Told):  # of the prompt, for example
            return Outcome(problem=problems.of(error))
        logger.exception("batch.item_failed", extra={"batch": str(batch.pk), "index": item.index})
        return Outcome(problem=problems.body(500, FAULT))
    return _done(done)


def _later(item: BatchItem, error: LLMError) -> Outcome | NotNow:
    ours = isinstance(error, OURS)
    if item.tries >= MOST_TRIES and not ours:
        return _failed(error)
    wait = 2.0**item.tries if error.retry_after is None else error.retry_after
    return NotNow(seconds=min(wait, LONGEST), counted=not ours)


def _failed(error: LLMError) -> Outcome:
    trail = error.trail
    if trail is None:
        return Outcome(problem=problems.of(error))
    return Outcome(
        problem=problems.of(error),
        attempts=trail.attempts,
        repairs=trail.repairs,
        model=trail.model,
        usage=trail.usage,
        cost=trail.cost,
        request_id=trail.request_id,
    )


def _done(done: Extraction[object]) -> Outcome:
    return Outcome(
        data=plain(done.data),
        attempts=done.attempts,
        repairs=done.repairs,
        model=done.model,
        cached=done.cached,
        usage=done.usage,
        cost=done.cost,
        prompt_version=done.prompt_version,
        request_id=done.request_id,
    )

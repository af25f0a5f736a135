"""What a site knows of a person, kind by kind: what is exported, and what erasing makes of it.

Each app names its own as a function from the person to holdings; who puts them together stands above the
apps. They are in the order in which they go: what leads to others goes after them.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from llm.models import (
    AgentRun,
    AgentStep,
    Alert,
    AlertDelivery,
    ApiKey,
    Batch,
    BatchItem,
    Budget,
    CachedReply,
    Call,
    CallBody,
    CallDay,
    Document,
    KeptAnswer,
    Passage,
)
from llm.retention import remove

type Fate = Literal["deleted", "kept without the person"]


def delete(rows: QuerySet[Any]) -> int:
    """Remove the rows, some at a time; return how many there were."""
    return remove(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Rows about a person. `name` is the plural that people read; `secret` fields are not exported."""

    name: str
    rows: QuerySet[Any]
    secret: tuple[str, ...] = ()
    fate: Fate = "deleted"
    erase: Callable[[QuerySet[Any]], object] = field(default=delete)

    def exported(self) -> Iterator[dict[str, Any]]:
        """Yield the rows, oldest first, a thousand in memory at a time."""
        names = [each.attname for each in self.rows.model._meta.concrete_fields]  # noqa: SLF001
        told = [name for name in names if name not in self.secret]
        yield from self.rows.order_by("pk").values(*told).iterator(chunk_size=1000)


def of_calls(user: User) -> Iterator[Holding]:
    """The ledger keeps its amounts; all else that calls left goes."""
    calls = Call.objects.filter(Q(user=user) | Q(key__user=user))
    yield Holding(name="texts of calls", rows=CallBody.objects.filter(call__in=calls.values("pk")))
    yield Holding(name="kept replies", rows=CachedReply.objects.filter(user=user))
    yield Holding(name="answers by Idempotency-Key", rows=KeptAnswer.objects.filter(user=user))
    yield Holding(name="calls", rows=calls, fate="kept without the person", erase=_forget_who)
    days = CallDay.objects.filter(Q(user=user) | Q(key__user=user))
    yield Holding(name="days of calls, added up", rows=days)  # whose days are added up anew, for nobody


def of_work(user: User) -> Iterator[Holding]:
    """What a person had the models do."""
    batches, runs = Batch.objects.filter(user=user), AgentRun.objects.filter(user=user)
    documents = Document.objects.filter(user=user)
    yield Holding(name="texts of batches", rows=BatchItem.objects.filter(batch__in=batches.values("pk")))
    yield Holding(name="batches", rows=batches)
    steps = AgentStep.objects.filter(run__in=runs.values("pk"))
    yield Holding(name="steps of agents", rows=steps, erase=_with_their_runs)
    yield Holding(name="agent runs", rows=runs)
    passages = Passage.objects.filter(document__in=documents.values("pk"))
    yield Holding(name="passages of documents", rows=passages)
    yield Holding(name="documents", rows=documents)


def of_account(user: User) -> Iterator[Holding]:
    """What belongs to an account: what it may spend, what opens it, what was told of it."""
    budgets = Budget.objects.filter(Q(user=user) | Q(key__user=user))
    told = Q(pk=uuid.UUID(int=0))
    for budget in budgets.values_list("pk", flat=True):
        told |= Q(key__startswith=f"budget:{budget}:") | Q(subject=str(budget))
    if user.email:
        mails = AlertDelivery.objects.filter(channel=AlertDelivery.Channel.EMAIL, target__iexact=user.email)
        yield Holding(name="mails of alerts", rows=mails)
    yield Holding(name="alerts about own budgets", rows=Alert.objects.filter(told))
    yield Holding(name="budgets", rows=budgets)
    yield Holding(name="API keys", rows=ApiKey.objects.filter(user=user), secret=("hash",))


def holdings(user: User) -> Iterator[Holding]:
    """Yield all that this app knows of a person."""
    yield from of_calls(user)
    yield from of_work(user)
    yield from of_account(user)


def _forget_who(calls: QuerySet[Any]) -> None:
    """An error may quote what was asked, and ids lead to whoever asked."""
    calls.update(user=None, key=None, error="", correlation_id="", upstream_id="")


def _with_their_runs(steps: QuerySet[Any]) -> None:
    """The database lets a row of a journal go with its run alone, which comes next."""

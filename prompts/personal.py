"""What the prompts know of a person. Cases made from their calls go; what they wrote stays the site's."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from llm.models import Call
from llm.personal import Holding
from prompts.models import CaseResult, CaseRun, PromptCase, PromptMove, PromptProposal, PromptVersion


def holdings(user: User) -> Iterator[Holding]:
    """Yield all that this app knows of a person; ask before the ledger forgets whose calls were whose."""
    asked = Call.objects.filter(Q(user=user) | Q(key__user=user)).values("request_id")
    cases = PromptCase.objects.filter(source__in=asked)
    results = CaseResult.objects.filter(case__in=cases.values("pk"))
    yield Holding(name="results of those test cases", rows=results)
    yield Holding(name="test cases made from own calls", rows=cases)
    yield _kept("prompts written", PromptVersion.objects.filter(author=user))
    moved = PromptMove.objects.filter(Q(who=user) | Q(approver=user))
    yield _kept("prompts published or approved", moved)
    proposed = PromptProposal.objects.filter(Q(who=user) | Q(decided_by=user))
    yield _kept("proposals made or decided", proposed)
    yield _kept("runs of test cases", CaseRun.objects.filter(who=user))


def _kept(name: str, rows: QuerySet[Any]) -> Holding:
    return Holding(name=name, rows=rows, fate="kept without the person", erase=_as_it_is)


def _as_it_is(rows: QuerySet[Any]) -> None:
    """The database takes the person out of them when the account goes."""

"""Asking for a repricing, agreeing to it, dropping it: each is one transaction."""

import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from llm.models import Repricing
from llm.repricing.basis import basis
from llm.repricing.tasks import run_again
from llm.repricing.walk import again, agree

Status = Repricing.Status


class PricesChanged(Exception):
    """What was shown no longer holds: the calls are looked through again."""


@transaction.atomic
def look(row: Repricing) -> Repricing:
    """Store a new repricing, and queue the look through its calls."""
    again(row)
    row.save()
    run_again(row.pk)
    return row


def correct(pk: uuid.UUID, person: User) -> bool:
    """Correct the calls as shown; False unless it waits for that. Raises PricesChanged."""
    with transaction.atomic():
        row = Repricing.objects.select_for_update().get(pk=pk)
        if row.status != Status.READY:
            return False
        changed = row.basis != basis()
        if changed:
            again(row)
        else:
            agree(row)
            row.agreed_by, row.agreed_at = person, timezone.now()
        row.save()
        run_again(row.pk)
    if changed:
        raise PricesChanged
    return True


def drop(pk: uuid.UUID) -> bool:
    """Leave the calls as they are; False once their correction has begun."""
    rows = Repricing.objects.filter(pk=pk, status__in=[Status.LOOKING, Status.READY])
    return bool(rows.update(status=Status.DROPPED, finished_at=timezone.now(), leased_until=None))

from datetime import timedelta

import pytest
from django.utils import timezone

from llm.retention import remove
from prompts.models import CaseRun
from prompts.purge import old_runs
from tests.prompts.factories import make_prompt


@pytest.mark.django_db
def test_old_runs_go_and_the_last_one_of_a_version_stays() -> None:
    one, two = make_prompt("one", "two").versions.order_by("number")
    long_ago = timezone.now() - timedelta(days=400)
    gone, last, other = (
        CaseRun.objects.create(version=version, status="done", finished_at=long_ago)
        for version in (one, one, two)
    )
    young = CaseRun.objects.create(version=two, status="done", finished_at=timezone.now())
    assert remove(old_runs(timezone.now()).rows) == 2
    assert set(CaseRun.objects.all()) == {last, young}
    assert gone.pk < last.pk < other.pk

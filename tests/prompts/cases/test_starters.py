"""The test cases that come along."""

import pytest

from llm.extraction.schemas import of_code
from prompts import service
from prompts.cases.starters import cases_of
from prompts.models import CaseCheck, PromptCase

pytestmark = pytest.mark.django_db


def test_every_schema_that_comes_along_has_cases() -> None:
    service.install_starters()
    for entry in of_code().values():
        cases = PromptCase.objects.filter(prompt__slug=entry.prompt)
        assert cases.count() == len(cases_of(str(entry.prompt))) >= 2


def test_they_are_what_the_admin_would_take() -> None:
    service.install_starters()
    for case in PromptCase.objects.all():
        case.full_clean()
    for check in CaseCheck.objects.all():
        check.full_clean()


def test_a_second_run_leaves_them_as_people_made_them() -> None:
    service.install_starters()
    PromptCase.objects.filter(name="praise").delete()
    service.install_starters()
    assert not PromptCase.objects.filter(name="praise").exists()

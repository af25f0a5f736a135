"""Runs over a scripted model: progress, resuming, cancelling, and what they say to who publishes."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from llm import runloop
from llm.models import Call
from llm.origin import Origin, coming_from
from prompts.cases import service
from prompts.cases.runner import carry_out
from prompts.errors import InvalidPrompt
from prompts.models import CaseResult, CaseRun, Prompt, PromptCase, PromptVersion
from prompts.rendering import Variable
from tests.prompts.factories import activate, content, make_prompt, publisher, staff
from tests.wire import WireServer, text

pytestmark = pytest.mark.django_db(transaction=True)


def make_case(prompt: Prompt, name: str, *checks: tuple[str, str], **fields: Any) -> PromptCase:
    fields.setdefault("messages", [{"role": "user", "content": name}])
    case = PromptCase.objects.create(prompt=prompt, name=name, **fields)
    for kind, value in checks:
        case.checks.create(kind=kind, value=value)
    return case


@pytest.fixture
def version() -> PromptVersion:
    return make_prompt("one", "two").versions.get(number=2)


def ran(version: PromptVersion, who: User | None = None) -> CaseRun:
    run, _ = service.begin(version, who=who)
    runloop.wait(carry_out(run.pk))
    done = service.last_run(version)
    assert done
    return done


def test_results_are_stored_with_their_verdicts_and_calls(
    model: WireServer, version: PromptVersion, alice: User
) -> None:
    model.always(text("Hi Ada"))
    make_case(version.prompt, "good", ("contains", "Ada"))
    make_case(version.prompt, "bad", ("contains", "Ada"), ("equals", "Bye"))
    make_case(version.prompt, "off", enabled=False)
    run = ran(version, alice)
    assert (run.status, run.total, run.done, run.failures) == ("done", 2, 2, 1)
    bad = run.results.get(name="bad")
    assert [v["passed"] for v in bad.verdicts] == [True, False]
    assert bad.request_id
    call = Call.objects.get(request_id=bad.request_id)
    assert (call.feature, call.user, call.prompt_version) == ("cases", alice, 2)


def test_its_calls_go_by_the_id_of_the_request_that_began_it(
    model: WireServer, version: PromptVersion
) -> None:
    model.always(text("Hi Ada"))
    make_case(version.prompt, "good", ("contains", "Ada"))
    with coming_from(Origin(correlation_id="shop-4711")):
        run, _ = service.begin(version, who=None)
    runloop.wait(carry_out(run.pk))
    assert Call.objects.get().correlation_id == "shop-4711"


def test_one_failing_case_fails_alone(model: WireServer) -> None:
    model.always(text("Hi"))
    prompt = make_prompt(content("For {{ name }}.", variables=(Variable(name="name"),)))
    make_case(prompt, "bad", variables={})
    make_case(prompt, "good", variables={"name": "Ada"})
    run = ran(prompt.versions.get())
    assert dict(run.results.values_list("name", "passed")) == {"bad": False, "good": True}
    assert run.results.get(name="bad").error


def test_a_judge_scores_by_its_threshold(model: WireServer, version: PromptVersion) -> None:
    model.script(text("Hello"), text('{"score": 0.8, "reason": "Kind."}'))
    make_case(version.prompt, "kind").checks.create(kind="judge", value="Kind?", threshold=0.8)
    run = ran(version)
    assert run.results.get().verdicts[0]["reason"] == "0.8: Kind."
    assert run.results.get().passed
    assert set(Call.objects.values_list("feature", flat=True)) == {"cases", "judge"}


def test_a_judge_without_a_score_fails_the_check(model: WireServer, version: PromptVersion) -> None:
    model.script(text("Hello"), text('{"score": 7, "reason": "Great!"}'))
    make_case(version.prompt, "kind", ("judge", "Kind?"))
    assert not ran(version).results.get().passed


def test_a_run_whose_worker_died_goes_on_without_paying_twice(
    model: WireServer, version: PromptVersion
) -> None:
    model.always(text("Hi"))
    first = make_case(version.prompt, "first")
    make_case(version.prompt, "second")
    run, _ = service.begin(version, who=None)
    CaseResult.objects.create(run=run, case=first, name="first", passed=True)
    gone = timezone.now() - timedelta(seconds=1)
    CaseRun.objects.filter(pk=run.pk).update(status="running", worker=uuid4(), leased_until=gone)
    assert ran(version).pk == run.pk
    assert run.results.count() == 2
    assert len(model.requests) == 1


def test_a_run_that_another_worker_holds_is_waited_for(model: WireServer, version: PromptVersion) -> None:
    make_case(version.prompt, "one")
    run, _ = service.begin(version, who=None)
    later = timezone.now() + timedelta(minutes=1)
    CaseRun.objects.filter(pk=run.pk).update(status="running", worker=uuid4(), leased_until=later)

    async def ends_elsewhere(_: float) -> None:
        await CaseRun.objects.filter(pk=run.pk).aupdate(status="done")

    runloop.wait(carry_out(run.pk, sleep=ends_elsewhere))
    assert model.requests == []


def test_a_second_start_joins_the_first(version: PromptVersion) -> None:
    make_case(version.prompt, "one")
    assert service.start(version, who=None) == service.start(version, who=None)


def test_a_cancelled_run_asks_nothing(model: WireServer, version: PromptVersion) -> None:
    make_case(version.prompt, "one")
    run = service.start(version, who=None)
    assert service.cancel(run)
    assert not service.cancel(run)
    runloop.wait(carry_out(run.pk))
    assert model.requests == []
    assert service.start(version, who=None) != run


def test_without_cases_nothing_starts(version: PromptVersion) -> None:
    with pytest.raises(InvalidPrompt, match="no enabled test case"):
        service.start(version, who=None)


def test_failing_cases_block_publishing_where_the_site_asks(
    model: WireServer, version: PromptVersion, settings: Any
) -> None:
    case = make_case(version.prompt, "one", ("contains", "Ada"))
    assert service.blocks_publishing(version) is None
    settings.PARLEY = site.PARLEY.model_copy(update={"parley_publish_needs_cases": True})
    with pytest.raises(InvalidPrompt, match="have not been run"):
        activate(version.prompt, 2, who=publisher())
    model.script(text("Hi"), text("Ada"))
    ran(version)
    with pytest.raises(InvalidPrompt, match="1 of 1 test cases fail"):
        activate(version.prompt, 2)
    ran(version)
    activate(version.prompt, 2)
    case.save()
    assert "was changed" in str(service.blocks_publishing(version))


def test_the_pages(
    model: WireServer, version: PromptVersion, client: Client, django_assert_num_queries: Any
) -> None:
    model.always(text("<b>Hi</b>"))
    make_case(version.prompt, "one", ("contains", "Ada"))
    start = reverse("admin:prompts_caserun_start", args=[version.prompt_id, 2])
    client.force_login(staff("vera", "view_prompt"))
    assert client.post(start).status_code == 403
    client.force_login(staff("edith", "view_prompt", "change_prompt"))
    assert client.get(start).status_code == 405
    page = client.post(start)["Location"]
    run = ran(version)
    shown = client.get(page).content.decode()
    assert "&lt;b&gt;Hi" in shown
    assert "failed" in shown
    progress = client.get(reverse("admin:prompts_caserun_progress", args=[run.pk])).json()
    assert progress == {"status": "done", "done": 1, "total": 1, "failures": 1}
    assert client.get(reverse("admin:prompts_prompt_version", args=[version.prompt_id, 2])).status_code == 200

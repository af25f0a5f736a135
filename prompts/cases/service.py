"""Starting, cancelling and reading runs of test cases."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prompts.cases.tasks import run_cases
from prompts.errors import InvalidPrompt
from prompts.models import CaseRun, PromptCase, PromptVersion

Status = CaseRun.Status


def start(version: PromptVersion, *, who: User | None) -> CaseRun:
    """Queue a run of the version, or return the one that is under way. Raises InvalidPrompt without cases."""
    with transaction.atomic():
        run, fresh = begin(version, who=who)
        now = timezone.now()
        if fresh or (run.leased_until and run.leased_until < now):  # a run that its worker left
            transaction.on_commit(lambda: run_cases.enqueue(run.pk))
    return run


def begin(version: PromptVersion, *, who: User | None) -> tuple[CaseRun, bool]:
    """Return the run that is under way, or a new one that nobody works on yet, and whether it is new."""
    if run := CaseRun.objects.active().filter(version=version).first():
        return run, False
    total = PromptCase.objects.filter(prompt=version.prompt_id, enabled=True).count()
    if not total:
        raise InvalidPrompt(_("The prompt has no enabled test case. Add one, then run it."))
    try:
        with transaction.atomic():
            return CaseRun.objects.create(version=version, who=who, total=total), True
    except IntegrityError:
        return CaseRun.objects.active().get(version=version), False


def cancel(run: CaseRun) -> bool:
    """Stop a run that is under way; its worker leaves within seconds. False if it had ended."""
    ended = CaseRun.objects.active().filter(pk=run.pk)
    return bool(ended.update(status=Status.CANCELLED, finished_at=timezone.now()))


def last_run(version: PromptVersion) -> CaseRun | None:
    """Return the newest run of a version with `done`, `failures`, `cost` and `tokens`, or None."""
    return CaseRun.objects.tallied().filter(version=version).order_by("-pk").first()


def blocks_publishing(version: PromptVersion) -> str | None:
    """Return why the version may not go live on a site that asks for passing cases, else None.

    A prompt without enabled cases is never held up.
    """
    if not settings.PARLEY.parley_publish_needs_cases:
        return None
    cases = PromptCase.objects.filter(prompt=version.prompt_id, enabled=True)
    if not cases.exists():
        return None
    run = last_run(version)
    if run is None:
        return _("The test cases have not been run over this version. Run them, then publish.")
    if run.active:
        return _("The test cases are running. Wait for the result, then publish.")
    if run.status != Status.DONE or cases.exclude(results__run=run).exists():
        return _("The last run of the test cases did not end. Run them again, then publish.")
    if run.failures:
        return _("%(failures)s of %(done)s test cases fail over this version. Fix it, then publish.") % {
            "failures": run.failures,
            "done": run.done,
        }
    if cases.filter(updated_at__gt=run.created_at).exists():
        return _("A test case was changed after the last run. Run them again, then publish.")
    return None

"""A second person's approval: a change of a protected label is proposed, another person decides.

Who may change prompts may propose; who may publish decides, but never about a proposal of their own.
Going back (a rollback, a canary's stop) needs no second person: that version was live before.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prompts import publishing
from prompts.errors import Decided, LabelMoved, NotAllowed
from prompts.models import Prompt, PromptLabel, PromptMove, PromptProposal
from prompts.publishing import Change

Decision = PromptProposal.Decision


def ask(prompt: Prompt, change: Change, *, who: User) -> PromptMove | PromptProposal | None:
    """Change the label, or where a second person must agree, propose it; None if it says so already.

    Raises as `publishing.perform` does.
    """
    if publishing.needs_second(change, who):
        return propose(prompt, change, who=who)
    return publishing.perform(prompt, change, who=who)


@transaction.atomic
def propose(prompt: Prompt, change: Change, *, who: User) -> PromptProposal:
    """Put a change before a second person; raises NotAllowed, InvalidPrompt and LabelMoved."""
    if not (publishing.may(who, change.label) or who.has_perm("prompts.change_prompt")):
        publishing.check_may(who, change.label)
    publishing.check(prompt, change)
    publishing.lock(prompt)
    row = _label(prompt, change.label)
    number, weight = (row.version.number, row.weight) if row else (0, 0)
    if change.expected not in (None, number) or change.expected_weight not in (None, weight):
        raise LabelMoved(_stale(change.label), names=[change.label])
    return PromptProposal.objects.create(
        prompt=prompt,
        label=change.label,
        kind=change.kind,
        weight=change.weight,
        from_version=row.version if row else None,
        to_version=change.version,
        canary_was=row.canary if row else None,
        weight_was=weight,
        who=who,
        why=change.why[:500],
    )


@transaction.atomic
def approve(proposal: PromptProposal, *, who: User, note: str = "") -> PromptMove | None:
    """Carry a proposal out; raises NotAllowed, Decided, or LabelMoved if it is stale."""
    publishing.check_may(who, proposal.label)
    if proposal.who_id in (who.pk, None):
        raise NotAllowed(
            _("Another person must approve this: nobody approves a change of their own.")
            if proposal.who_id
            else _("The account that proposed this is gone. Decline it and propose it again."),
            names=[proposal.label],
        )
    _decide(proposal, Decision.APPROVED, who, note)
    row = _label(proposal.prompt, proposal.label)
    if is_stale(proposal, row):
        raise LabelMoved(_stale(proposal.label), names=[proposal.label])
    change = Change(
        label=proposal.label,
        kind=proposal.kind,
        version=proposal.to_version,
        weight=proposal.weight,
        why=proposal.why,
    )
    return publishing.carry_out(proposal.prompt, change, who=proposal.who, approver=who)


@transaction.atomic
def decline(proposal: PromptProposal, *, who: User, note: str = "") -> None:
    """Turn a proposal down, or take back an own one; raises NotAllowed and Decided."""
    if proposal.who_id != who.pk:
        publishing.check_may(who, proposal.label)
    _decide(proposal, Decision.DECLINED, who, note)


def is_stale(proposal: PromptProposal, row: PromptLabel | None) -> bool:
    """True if the label does not say any more what it said when the change was proposed."""
    was = (proposal.from_version_id, proposal.canary_was_id, proposal.weight_was)
    return was != ((row.version_id, row.canary_id, row.weight) if row else (None, None, 0))


def _decide(proposal: PromptProposal, decision: str, who: User, note: str) -> None:
    """Write the decision, once: of two people who decide at once, one is told."""
    publishing.lock(proposal.prompt)
    news = {"decision": decision, "decided_by": who, "decided_at": timezone.now(), "note": note[:500]}
    if not PromptProposal.objects.filter(pk=proposal.pk, decision="").update(**news):
        proposal.refresh_from_db()
        by = proposal.decided_by.get_username() if proposal.decided_by else _("Somebody")
        raise Decided(
            _("%(who)s has decided this already: it is %(decision)s.")
            % {"who": by, "decision": proposal.get_decision_display()}
        )


def _label(prompt: Prompt, name: str) -> PromptLabel | None:
    return prompt.labels.select_related("version", "canary").filter(name=name).first()


def _stale(label: str) -> str:
    return _(
        "“%(label)s” has changed since this was proposed, so it was not carried out. "
        "Look at what the label says now, then propose it again."
    ) % {"label": label}

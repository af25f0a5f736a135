"""Changing what a label says: publish, roll back, try a canary. Every change is an audit row.

Whoever changes a label is named: a person needs the permission, `None` is the machine itself (the starter
prompts, the command line). A change of a protected label can ask for a second person, see `approval.py`.
"""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prompts.errors import ApprovalNeeded, InvalidPrompt, LabelMoved, NotAllowed
from prompts.models import LABEL, LABEL_RULE, PRODUCTION, Prompt, PromptLabel, PromptMove, PromptVersion

PROTECTED = (PRODUCTION,)
SECOND_PERSON = (
    PromptMove.Kind.MOVE,
    PromptMove.Kind.CANARY,
    PromptMove.Kind.PROMOTE,
)  # going back needs none

Kind = PromptMove.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What should become of a label.

    `version` is where it goes, or the canary; `weight` is the canary's share in percent. `expected` is the
    number that the label was seen at, 0 for nowhere; `expected_weight` the share, 0 for no canary. None
    expects nothing.
    """

    label: str
    kind: str
    version: PromptVersion
    weight: int | None = None
    why: str = ""
    expected: int | None = None
    expected_weight: int | None = None


def move_label(
    prompt: Prompt,
    label: str,
    version: PromptVersion,
    *,
    who: User | None,
    why: str = "",
    expected: int | None = None,
) -> PromptLabel:
    """Point a label at a version and write the audit row; pointing it where it is writes none.

    Raises NotAllowed, ApprovalNeeded, InvalidPrompt, or LabelMoved if `expected` is no longer so.
    """
    change = Change(label=label, kind=Kind.MOVE, version=version, why=why, expected=expected)
    perform(prompt, change, who=who)
    return prompt.labels.get(name=label)


def may(who: User | None, label: str) -> bool:
    """True if the person may change the label."""
    right = "prompts.publish" if label in PROTECTED else "prompts.change_prompt"
    return who is None or (who.is_active and who.has_perm(right))


def asks_second() -> bool:
    """True if this site wants a second person's approval."""
    asked: bool = settings.PARLEY.parley_publish_approval
    return asked


def needs_second(change: Change, who: User | None) -> bool:
    """True if another person must approve the change first."""
    return who is not None and asks_second() and change.label in PROTECTED and change.kind in SECOND_PERSON


def perform(prompt: Prompt, change: Change, *, who: User | None) -> PromptMove | None:
    """Change the label now; None if it says so already. Raises as `move_label` does."""
    check_may(who, change.label)
    if needs_second(change, who):
        raise ApprovalNeeded(
            _("“%(label)s” changes when a second person approves. Propose it.") % {"label": change.label},
            names=[change.label],
        )
    return carry_out(prompt, change, who=who)


def rollback(
    prompt: Prompt, label: str, *, who: User | None, why: str = "", expected: int | None = None
) -> PromptMove | None:
    """Undo what went live last: end the canary if one runs, else go to the version before."""
    check_may(who, label)
    row = prompt.labels.select_related("version", "canary").filter(name=label).first()
    if row and row.canary:
        back = Change(label=label, kind=Kind.STOP, version=row.version, why=why, expected=expected)
    else:
        before = previous(prompt, label)
        if before is None:
            _compare(prompt, label, row, expected)
            raise InvalidPrompt(
                _("“%(label)s” has been at no other version, so there is nothing to go back to.")
                % {"label": label}
            )
        back = Change(label=label, kind=Kind.ROLLBACK, version=before, why=why, expected=expected)
    return perform(prompt, back, who=who)


def previous(prompt: Prompt, label: str) -> PromptVersion | None:
    """Return the version that the label pointed at before; what was rolled back is passed over."""
    turns = prompt.moves.filter(label=label, kind__in=(Kind.MOVE, Kind.ROLLBACK, Kind.PROMOTE))
    trail: list[int] = []
    for kind, version in turns.order_by("id").values_list("kind", "to_version_id"):
        if kind == Kind.ROLLBACK and version in trail:
            while trail[-1] != version:
                trail.pop()
        else:
            trail.append(version)
    return prompt.versions.filter(pk=trail[-2]).first() if len(trail) > 1 else None


def check_may(who: User | None, label: str) -> None:
    """Raise NotAllowed if the person may not change the label."""
    if not may(who, label):
        if label in PROTECTED:
            sentence = _("You may not publish. Ask somebody with the permission “publish” to do it.")
        else:
            sentence = _("You may not move labels. Ask for the permission to change prompts.")
        raise NotAllowed(sentence, names=[label])


@transaction.atomic
def carry_out(
    prompt: Prompt, change: Change, *, who: User | None, approver: User | None = None
) -> PromptMove | None:
    """Change the label and write the audit row, for who was found to be allowed."""
    check(prompt, change)
    lock(prompt)
    row = prompt.labels.select_related("version", "canary").filter(name=change.label).first()
    _compare(prompt, change.label, row, change.expected, change.expected_weight)
    match change.kind:
        case Kind.CANARY:
            return _try(prompt, change, row, who, approver)
        case Kind.PROMOTE | Kind.STOP:
            return _end(prompt, change, row, who, approver)
        case _:
            return _point(prompt, change, row, who, approver)


def lock(prompt: Prompt) -> None:
    """Make editors of one prompt take turns. SQLite's immediate transactions do so by themselves."""
    Prompt.objects.select_for_update().get(pk=prompt.pk)


def check(prompt: Prompt, change: Change) -> None:
    """Raise InvalidPrompt if the change makes no sense, or if its version may not go live yet."""
    if change.version.prompt_id != prompt.pk:
        raise InvalidPrompt(f"{change.version} belongs to another prompt.")
    if not LABEL.fullmatch(change.label):
        shown = change.label[:32]
        raise InvalidPrompt(f"A label cannot be named “{shown}”. {LABEL_RULE}", names=[change.label])
    if change.kind == Kind.CANARY and not (change.weight and 1 <= change.weight <= 100):
        raise InvalidPrompt(_("Give the canary a share from 1 to 100 percent."), names=["weight"])
    _check_cases(change)


def _check_cases(change: Change) -> None:
    """Raise InvalidPrompt if a version would go live whose test cases do not pass, on a site that asks."""
    from prompts.cases.service import blocks_publishing  # its tasks need the apps to be ready

    goes_live = change.label in PROTECTED and change.kind in SECOND_PERSON
    if goes_live and (why := blocks_publishing(change.version)):
        raise InvalidPrompt(why, names=[change.label])


def _compare(
    prompt: Prompt,
    label: str,
    row: PromptLabel | None,
    expected: int | None,
    expected_weight: int | None = None,
) -> None:
    """Raise LabelMoved if the label does not say what the caller saw."""
    number, weight = (row.version.number, row.weight) if row else (0, 0)
    if expected not in (None, number) or expected_weight not in (None, weight):
        raise LabelMoved(_moved(prompt, label), names=[label])


def _point(
    prompt: Prompt, change: Change, row: PromptLabel | None, who: User | None, approver: User | None
) -> PromptMove | None:
    if row and row.canary:
        raise LabelMoved(
            _("Version %(number)s runs on “%(label)s” as a canary. Promote it or stop it first.")
            % {"number": row.canary.number, "label": change.label},
            names=[change.label],
        )
    was = row.version if row else None
    if was == change.version:
        return None
    PromptLabel.objects.update_or_create(
        prompt=prompt, name=change.label, defaults={"version": change.version}
    )
    return _audit(prompt, change, was, change.version, who, approver)


def _try(
    prompt: Prompt, change: Change, row: PromptLabel | None, who: User | None, approver: User | None
) -> PromptMove | None:
    """Start a canary or change its share; its lot stays, so that a larger share moves nobody back."""
    if row is None or row.version == change.version:
        raise InvalidPrompt(
            _("A canary is tried beside another version. Publish that one first, or choose another canary.")
        )
    if row.canary and row.canary != change.version:
        raise LabelMoved(
            _("Version %(number)s is the canary already. Promote it or stop it first.")
            % {"number": row.canary.number},
            names=[change.label],
        )
    if row.canary and row.weight == change.weight:
        return None
    if row.canary is None:
        row.canary, row.salt, row.canary_since = change.version, uuid.uuid4(), timezone.now()
    row.weight = change.weight or 0
    row.save()
    return _audit(prompt, change, row.version, change.version, who, approver)


def _end(
    prompt: Prompt, change: Change, row: PromptLabel | None, who: User | None, approver: User | None
) -> PromptMove:
    """Give everybody the canary, or everybody the label's version."""
    if row is None or row.canary is None:
        raise LabelMoved(_("No canary runs any more. Look at what the label says now."), names=[change.label])
    if change.version != (row.canary if change.kind == Kind.PROMOTE else row.version):
        raise LabelMoved(_moved(prompt, change.label), names=[change.label])
    gone = row.version if change.kind == Kind.PROMOTE else row.canary
    row.version, row.canary, row.weight, row.canary_since = change.version, None, 0, None
    row.save()
    return _audit(prompt, change, gone, change.version, who, approver)


def _audit(
    prompt: Prompt,
    change: Change,
    was: PromptVersion | None,
    version: PromptVersion,
    who: User | None,
    approver: User | None,
) -> PromptMove:
    return PromptMove.objects.create(
        prompt=prompt,
        label=change.label,
        kind=change.kind,
        weight=change.weight,
        from_version=was,
        to_version=version,
        who=who,
        approver=approver,
        why=change.why[:500],
    )


def _moved(prompt: Prompt, label: str) -> str:
    move = prompt.moves.filter(label=label).select_related("who", "to_version").first()
    if move is None:
        return f"“{label}” points nowhere yet. Look again, then decide."
    who = move.who.get_username() if move.who else "Somebody"
    return (
        f"{who} moved “{label}” to version {move.to_version.number} in the meantime. "
        "Look at that version, then decide again."
    )

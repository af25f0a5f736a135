"""Everything that happened to a prompt, in one list: who saved, tried, asked for review, decided, moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from prompts.models import CaseRun, Prompt, PromptMove, PromptProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What somebody did, in a sentence, and the words that they gave with it."""

    at: datetime
    said: str
    words: str = ""


def events(prompt: Prompt, most: int) -> list[Event]:
    """Return the newest events of a prompt, the newest first; four queries."""
    found = [*_saved(prompt, most), *_ran(prompt, most), *_proposed(prompt, most), *_moved(prompt, most)]
    return nlargest(most, found, key=lambda event: event.at)


def _saved(prompt: Prompt, most: int) -> Iterator[Event]:
    versions = prompt.versions.select_related("author").only(
        "number", "note", "created_at", "author__username"
    )
    for version in versions[:most]:
        said = _("%(who)s saved version %(number)s") % {
            "who": _name(version.author),
            "number": version.number,
        }
        yield Event(at=version.created_at, said=said, words=version.note)


def _ran(prompt: Prompt, most: int) -> Iterator[Event]:
    runs = CaseRun.objects.tallied().filter(version__prompt=prompt, finished_at__isnull=False)
    for run in runs.select_related("version", "who")[:most]:
        told = {
            "who": _name(run.who),
            "number": run.version.number,
            "done": run.done,
            "failures": run.failures,
        }
        if run.status == CaseRun.Status.DONE:
            said = (
                _("%(who)s ran the test cases on version %(number)s: %(failures)s of %(done)s failed") % told
            )
        else:
            said = _("%(who)s began to run cases on version %(number)s, and the run did not end") % told
        yield Event(at=run.finished_at or run.created_at, said=said)


def _proposed(prompt: Prompt, most: int) -> Iterator[Event]:
    proposals = PromptProposal.objects.filter(prompt=prompt).select_related("who", "decided_by", "to_version")
    for proposal in proposals[:most]:
        told = {"who": _name(proposal.who), "what": str(proposal)}
        said = _("%(who)s asked for review: %(what)s") % told
        yield Event(at=proposal.created_at, said=said, words=proposal.why)
        if proposal.decision == PromptProposal.Decision.DECLINED and proposal.decided_at:
            told["who"] = _name(proposal.decided_by)
            said = _("%(who)s declined: %(what)s") % told
            yield Event(at=proposal.decided_at, said=said, words=proposal.note)


def _moved(prompt: Prompt, most: int) -> Iterator[Event]:
    moves = prompt.moves.select_related("who", "approver", "from_version", "to_version")
    for move in moves[:most]:
        told = {
            "who": _name(move.who),
            "label": move.label,
            "from": move.from_version.number if move.from_version else _("nowhere"),
            "to": move.to_version.number,
            "weight": move.weight,
        }
        said = _SAYS[PromptMove.Kind(move.kind)]() % told
        if move.approver:
            said = _("%(said)s, approved by %(approver)s") % {"said": said, "approver": _name(move.approver)}
        yield Event(at=move.created_at, said=said, words=move.why)


_SAYS = {
    PromptMove.Kind.MOVE: lambda: _("%(who)s moved %(label)s from %(from)s to %(to)s"),
    PromptMove.Kind.ROLLBACK: lambda: _("%(who)s rolled %(label)s back from %(from)s to %(to)s"),
    PromptMove.Kind.CANARY: lambda: _("%(who)s gave version %(to)s %(weight)s %% of %(label)s as a canary"),
    PromptMove.Kind.PROMOTE: lambda: _("%(who)s promoted the canary of %(label)s: from %(from)s to %(to)s"),
    PromptMove.Kind.STOP: lambda: _("%(who)s stopped the canary %(from)s of %(label)s"),
}


def _name(person: User | None) -> str:
    return person.get_username() if person else "Parley"

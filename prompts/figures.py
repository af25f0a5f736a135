"""The figures of two versions in words, for the page that compares them."""

from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext as _

from prompts.comparison import Figure, Side, difference


def rows(sides: Sequence[Side]) -> Iterator[tuple[str, list[str]]]:
    """Yield the table of figures, a row each."""
    yield _("Calls"), [f"{side.calls:,}" for side in sides]
    yield _("From the cache"), [f"{side.cached:,}" for side in sides]
    yield _("Errors"), [f"{side.errors:,}" for side in sides]
    yield _("Error rate"), [_percent(side.error_rate) for side in sides]
    yield _("Half answer within"), [_ms(side.p50) for side in sides]
    yield _("95 % answer within"), [_ms(side.p95) for side in sides]
    yield _("Cost"), [_("unknown") if side.cost is None else f"${side.cost:.4f}" for side in sides]
    yield _("Cost of a call"), [_dollars(side.cost_per_call) for side in sides]
    yield _("Thumbs up, down"), [f"{side.up:,}, {side.down:,}" for side in sides]
    yield _("Thumbs that are up"), [_percent(side.approval) for side in sides]


def tells(old: Side, new: Side) -> Iterator[str]:
    """Yield in sentences what the figures say about the new version, and how sure that is."""
    thumbs, errors = difference(new.approval, old.approval), difference(new.error_rate, old.error_rate)
    yield _told(
        thumbs,
        more=_("People like version %(number)s more: %(by)s."),
        less=_("People like version %(number)s less: %(by)s."),
        either=_("Too early to tell which one people like: thumbs up of version %(number)s %(by)s."),
        unknown=_("Nobody has judged answers of both versions yet."),
        number=new.number,
    )
    yield _told(
        errors,
        more=_("Version %(number)s fails more often: %(by)s."),
        less=_("Version %(number)s fails less often: %(by)s."),
        either=_("Too early to tell which one fails more often: errors of version %(number)s %(by)s."),
        unknown=_("Not both versions have been called yet."),
        number=new.number,
    )


def _told(more_by: Figure, *, more: str, less: str, either: str, unknown: str, number: int) -> str:
    if more_by.value is None or more_by.low is None or more_by.high is None:
        return unknown
    text = more if more_by.low > 0 else less if more_by.high < 0 else either
    by = _("%(by)s points, between %(low)s and %(high)s with 95 %% confidence") % {
        "by": _points(more_by.value),
        "low": _points(more_by.low),
        "high": _points(more_by.high),
    }
    return text % {"number": number, "by": by}


def _points(share: float) -> str:
    return f"{share * 100:+.0f}".replace("-", "\u2212").replace("+0", "0").replace("\u22120", "0")


def _percent(figure: Figure) -> str:
    return _shown(figure, lambda value: f"{value * 100:.1f} %")


def _ms(figure: Figure) -> str:
    return _shown(figure, lambda value: f"{value:,.0f} ms")


def _dollars(figure: Figure) -> str:
    return _shown(figure, lambda value: f"${value:.6f}")


def _shown(figure: Figure, write: Callable[[float], str]) -> str:
    if figure.value is None:
        return _("unknown")
    if figure.low is None or figure.high is None:
        return write(figure.value)
    return f"{write(figure.value)} ({write(figure.low)} to {write(figure.high)})"

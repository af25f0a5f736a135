"""Numbers as people read them: money, tokens, shares, times. Digits keep their unit on the same line."""

from decimal import Context, Decimal

NBSP = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"  # where there is no figure


def dollars(amount: Decimal | None) -> str:
    """Return "$12.34", two significant figures below a cent, "unknown" for None."""
    if amount is None:
        return "unknown"
    if amount == 0:
        return "$0"
    if amount >= 1000:
        return f"${amount:,.0f}"
    if amount >= Decimal("0.01"):
        return f"${amount:.2f}"
    rounded = Context(prec=2).plus(amount)
    return f"${rounded:.{1 - rounded.adjusted()}f}"


def charge(amount: Decimal | None, *, used: bool) -> str:
    """Return what was charged: "free" where something was `used` for nothing."""
    return "free" if amount == 0 and used else dollars(amount)


def short(number: Decimal | int) -> str:
    """Return a count that stays narrow: 9,512, 41.2 k, 86.8 M."""
    for size, unit in ((1_000_000_000, "bn"), (1_000_000, "M"), (10_000, "k")):
        if number >= size:
            scaled = Decimal(number) / (1_000 if unit == "k" else size)
            return f"{scaled:.0f}{NBSP}{unit}" if scaled >= 100 else f"{scaled:.1f}{NBSP}{unit}"
    return f"{number:,}"


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """Return a share of a hundred, finer where it is small."""
    share = Decimal(part) * 100 / Decimal(whole)
    places = 0 if share == 0 or share >= 10 else 1 if share >= 1 else 2
    return f"{share:,.{places}f}{NBSP}%"


def seconds(ms: int | None) -> str:
    """Return milliseconds as "5 ms", "0.94 s", "1.8 s" or "12 s"; a dash for None."""
    if ms is None:
        return NOTHING
    if ms < 10:
        return f"{ms}{NBSP}ms"
    places = 2 if ms < 995 else 1 if ms < 9_950 else 0
    step = 10 ** (3 - places)  # half of it rounds up, as it does where waits are counted
    return f"{(ms + step // 2) // step / 10**places:.{places}f}{NBSP}s"


def plural(number: int, noun: str) -> str:
    """Return "1 call", "1,590 tokens"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

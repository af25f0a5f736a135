"""What is said to people about a budget: why a call was refused, how far the money has gone."""

from datetime import datetime
from decimal import Decimal

from llm.amounts import dollars
from llm.errors import BudgetExceeded
from llm.models.budgets import Budget

SOON = 5.0  # seconds after which a running call may have given back what it holds


def refusal(budget: Budget, *, needs: Decimal, spent: Decimal, now: datetime) -> BudgetExceeded:
    """Return the error for a call that `budget` has no room for, with the time until it has."""
    left = budget.limit - spent
    if left <= 0:
        sentence = f"{_capital(_purse(budget))} is spent. {_again(budget, now)}"
    elif needs > left:
        sentence = (
            f"This call may cost up to {dollars(needs)}, but of {_purse(budget)} "
            f"only {dollars(left)} is left. Ask for a shorter answer, or wait. {_again(budget, now)}"
        )
    else:
        held = f"Calls that are still running hold the rest of {_purse(budget)}. Try again in a moment."
        return BudgetExceeded(held, retry_after=SOON)
    ends = budget.ends_at(now)
    return BudgetExceeded(sentence, retry_after=(ends - now).total_seconds() if ends else None)


def reached(budget: Budget, percent: int) -> str:
    """Return the sentence of an alert."""
    who = _capital(budget.holder if budget.scope == Budget.Scope.EVERYTHING else f"the {budget.holder}")
    amount = f"{_when(budget)} {dollars(budget.limit)}"
    if percent < 100:
        return f"{who} has spent {percent} % of {amount}."
    return f"{who} has spent {amount}. New calls are refused, answers from the cache still work."


def _purse(budget: Budget) -> str:
    """The money in question; a person's own needs no name."""
    amount = f"{_when(budget)} {dollars(budget.limit)}"
    if budget.scope == Budget.Scope.USER:
        return amount
    return f"{amount} for {'' if budget.scope == Budget.Scope.EVERYTHING else 'the '}{budget.holder}"


def _when(budget: Budget) -> str:
    names = {Budget.Period.DAY: "today's", Budget.Period.MONTH: "this month's"}
    return names.get(Budget.Period(budget.period), "the whole budget of")


def _again(budget: Budget, now: datetime) -> str:
    ends = budget.ends_at(now)
    if ends is None:
        return "It does not begin anew: ask whoever runs Parley to raise it."
    if budget.period == Budget.Period.DAY:
        return "New answers start again at midnight UTC."
    return f"New answers start again on {ends.day} {ends:%B}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

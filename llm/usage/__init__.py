"""What it cost, when, and for whom: the ledger read and added up."""

from llm.usage.asking import Filters, Viewer, WrongQuery, moment, seen_by, sees_all, span
from llm.usage.counting import KEYS, NOT_ERRORS
from llm.usage.figures import Figures, Row, Summary
from llm.usage.newest import newest
from llm.usage.sums import calls, histograms, summary, visible_to
from llm.usage.waits import Histogram, quantile

__all__ = [
    "KEYS",
    "NOT_ERRORS",
    "Figures",
    "Filters",
    "Histogram",
    "Row",
    "Summary",
    "Viewer",
    "WrongQuery",
    "calls",
    "histograms",
    "moment",
    "newest",
    "quantile",
    "seen_by",
    "sees_all",
    "span",
    "summary",
    "visible_to",
]

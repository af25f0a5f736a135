"""Does a JSON value satisfy a JSON Schema? Compiled once, then fast, and always bounded in time."""

from llm.extraction.checking.building import Uncheckable
from llm.extraction.checking.checker import Checker, compiled, flaw
from llm.extraction.checking.drafts import LATEST, Draft, draft_of
from llm.extraction.checking.run import Fault, TooMuchWork
from llm.extraction.checking.words import REFERENCES, constrains

__all__ = [
    "LATEST",
    "REFERENCES",
    "Checker",
    "Draft",
    "Fault",
    "TooMuchWork",
    "Uncheckable",
    "compiled",
    "constrains",
    "draft_of",
    "flaw",
]

"""The tables of prompts, a module a topic."""

from prompts.models.cases import CaseCheck, CaseResult, CaseRun, PromptCase
from prompts.models.labels import LABEL, LABEL_RULE, PromptLabel, PromptMove, PromptProposal
from prompts.models.versions import PRODUCTION, Prompt, Prompts, PromptVersion, PromptVersions

__all__ = [
    "LABEL",
    "LABEL_RULE",
    "PRODUCTION",
    "CaseCheck",
    "CaseResult",
    "CaseRun",
    "Prompt",
    "PromptCase",
    "PromptLabel",
    "PromptMove",
    "PromptProposal",
    "PromptVersion",
    "PromptVersions",
    "Prompts",
]

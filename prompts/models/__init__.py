"""The tables of prompts, a module a topic."""

from prompts.models.labels import LABEL, LABEL_RULE, PromptLabel, PromptMove
from prompts.models.versions import PRODUCTION, Prompt, Prompts, PromptVersion, PromptVersions

__all__ = [
    "LABEL",
    "LABEL_RULE",
    "PRODUCTION",
    "Prompt",
    "PromptLabel",
    "PromptMove",
    "PromptVersion",
    "PromptVersions",
    "Prompts",
]

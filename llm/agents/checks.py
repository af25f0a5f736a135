"""Say at start which tools of the site cannot work."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from llm.agents.registry import faults


@checks.register("parley")
def check_tools(app_configs: Sequence[AppConfig] | None, **rest: Any) -> list[checks.CheckMessage]:
    """Check each tool that the site names."""
    hint = "LLM_TOOLS in config/settings.py lists dotted paths of functions decorated with @tool."
    return [checks.Error(fault, hint=hint, id="parley.E010") for fault in faults(settings.LLM_TOOLS)]

"""The tools of this site: those that settings.LLM_TOOLS names, in its order."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from llm.agents.tool import AgentTool, ToolDeclared


@cache
def available() -> Mapping[str, AgentTool]:
    """Return the site's tools by name; raises ToolDeclared for what is none."""
    return {tool.name: tool for tool in map(load, settings.LLM_TOOLS)}


def allowed(user: Any) -> list[AgentTool]:
    """Return the tools that a person may use."""
    return [t for t in available().values() if not t.permission or user.has_perm(t.permission)]


def load(path: str) -> AgentTool:
    """Return the tool at a dotted path; raises ToolDeclared."""
    try:
        found = import_string(path)
    except ImportError as error:
        raise ToolDeclared(f"LLM_TOOLS names {path}, which cannot be imported: {error}") from error
    if not isinstance(found, AgentTool):
        raise ToolDeclared(f"LLM_TOOLS names {path}, which is not a tool. Decorate it with @tool(crash=...).")
    return found


def faults(paths: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the tools at these paths."""
    seen: dict[str, str] = {}
    for path in paths:
        try:
            name = load(path).name
        except ToolDeclared as error:
            yield str(error)
            continue
        if name in seen:
            yield f"LLM_TOOLS names two tools that are called {name}: {seen[name]} and {path}."
        seen[name] = path

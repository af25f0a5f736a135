"""From the schema a caller wants to what a model enforces, and back from its answer to the caller's shape."""

from llm.extraction.compiler.planning import Plan, is_small, plan, plan_of, written
from llm.extraction.compiler.report import Report

__all__ = ["Plan", "Report", "is_small", "plan", "plan_of", "written"]

"""The admin pages of the ledger."""

from llm.admin import budgets, ledger

__all__ = ["budgets", "ledger"]

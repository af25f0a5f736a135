"""The admin pages: the ledger, batches, schemas."""

from llm.admin import batches, budgets, ledger, schemas

__all__ = ["batches", "budgets", "ledger", "schemas"]

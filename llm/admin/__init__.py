"""The admin pages: the ledger, batches, schemas."""

from llm.admin import alerts, batches, budgets, ledger, schemas

__all__ = ["alerts", "batches", "budgets", "ledger", "schemas"]

"""The admin pages: the ledger, alerts, batches, documents, schemas."""

from llm.admin import alerts, batches, budgets, documents, ledger, schemas

__all__ = ["alerts", "batches", "budgets", "documents", "ledger", "schemas"]

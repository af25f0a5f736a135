"""The admin pages: the ledger, prices, budgets, alerts, batches, documents, schemas."""

from llm.admin import alerts, batches, budgets, documents, ledger, prices, repricings, schemas

__all__ = ["alerts", "batches", "budgets", "documents", "ledger", "prices", "repricings", "schemas"]

"""The admin pages: the ledger, prices, budgets, alerts, batches, documents, runs, schemas."""

from llm.admin import alerts, batches, budgets, documents, ledger, prices, repricings, runs, schemas

__all__ = ["alerts", "batches", "budgets", "documents", "ledger", "prices", "repricings", "runs", "schemas"]

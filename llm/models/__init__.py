from llm.models.agents import AgentRun, AgentStep
from llm.models.alerts import Alert, AlertDelivery, AlertRule
from llm.models.batches import Batch, BatchItem
from llm.models.bodies import CallBody
from llm.models.budgets import Budget, BudgetEntry, BudgetPeriod
from llm.models.cache import CachedReply
from llm.models.calls import Call
from llm.models.documents import Document, Passage
from llm.models.idempotency import KeptAnswer
from llm.models.keys import ApiKey
from llm.models.prices import ModelPrice, Repricing
from llm.models.rollups import CallDay, RolledDay, StaleDay
from llm.models.schemas import ExtractionSchema, ExtractionSchemaVersion

__all__ = [
    "AgentRun",
    "AgentStep",
    "Alert",
    "AlertDelivery",
    "AlertRule",
    "ApiKey",
    "Batch",
    "BatchItem",
    "Budget",
    "BudgetEntry",
    "BudgetPeriod",
    "CachedReply",
    "Call",
    "CallBody",
    "CallDay",
    "Document",
    "ExtractionSchema",
    "ExtractionSchemaVersion",
    "KeptAnswer",
    "ModelPrice",
    "Passage",
    "Repricing",
    "RolledDay",
    "StaleDay",
]

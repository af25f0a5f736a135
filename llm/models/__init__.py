from llm.models.alerts import Alert
from llm.models.bodies import CallBody
from llm.models.budgets import Budget, BudgetEntry, BudgetPeriod
from llm.models.cache import CachedReply
from llm.models.calls import Call
from llm.models.keys import ApiKey

__all__ = ["Alert", "ApiKey", "Budget", "BudgetEntry", "BudgetPeriod", "CachedReply", "Call", "CallBody"]

"""Pages about models: usage and providers."""

from django.urls import path, re_path

from llm.views.batches import batch_results
from llm.views.budgets import budgets
from llm.views.metrics import metrics
from llm.views.providers import providers, test_provider
from llm.views.usage import call, calls, usage
from llm.views.usage_export import usage_export

urlpatterns = [
    path("metrics", metrics, name="metrics"),
    path("usage/", usage, name="usage"),
    re_path(r"^usage/export\.(?P<kind>csv|json)$", usage_export, name="usage_export"),
    path("usage/calls/", calls, name="calls"),
    path("usage/calls/<uuid:pk>/", call, name="call"),
    path("batches/<uuid:pk>/results.<slug:kind>", batch_results, name="batch_results"),
    path("budgets/", budgets, name="budgets"),
    path("providers/", providers, name="providers"),
    path("providers/<slug:name>/test/", test_provider, name="test_provider"),
]

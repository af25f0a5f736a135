"""Budgets in the admin."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from llm.amounts import dollars
from llm.budgets import service as budgets
from llm.models import Budget, Call
from llm.money import money

if TYPE_CHECKING:
    BudgetModelForm = ModelForm[Budget]
    BudgetModelAdmin = admin.ModelAdmin[Budget]
else:
    BudgetModelForm = ModelForm
    BudgetModelAdmin = admin.ModelAdmin

FIXED = ["scope", "user", "feature", "key", "period"]  # what a budget is; another one is a new budget


class BudgetForm(BudgetModelForm):
    """Shows a limit without the zeros that the database keeps."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.limit is not None:
            self.initial["limit"] = money(self.instance.limit)


@admin.register(Budget)
class BudgetAdmin(BudgetModelAdmin):
    """How far each budget has gone in its current period. One that was used is switched off, not deleted."""

    form = BudgetForm
    list_display = ["name", "limit_shown", "spent", "reserved", "left", "resets", "active"]
    list_filter = ["scope", "period", "active"]
    list_select_related = ["user", "key"]
    search_fields = ["feature", "user__username", "key__name"]
    autocomplete_fields = ["user", "key"]
    fields = [*FIXED, "limit", "active"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return super().get_queryset(request).order_by("-active", "scope", "created_at")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Ask for all rows of the page at once how they stand."""
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        standings = budgets.states(rows, timezone.now())
        for row in rows:
            row.standing = standings[row.pk]
        page.result_list = rows
        return page

    @admin.display(description="Budget")
    def name(self, budget: Budget) -> str:
        return str(budget)

    @admin.display(description="Limit", ordering="limit")
    def limit_shown(self, budget: Budget) -> str:
        return dollars(budget.limit)

    @admin.display(description="Spent")
    def spent(self, budget: Budget) -> str:
        return dollars(_standing(budget).spent)

    @admin.display(description="Reserved by running calls")
    def reserved(self, budget: Budget) -> str:
        return dollars(_standing(budget).reserved)

    @admin.display(description="Left")
    def left(self, budget: Budget) -> str:
        standing = _standing(budget)
        return dollars(max(standing.limit - standing.spent - standing.reserved, standing.limit * 0))

    @admin.display(description="Begins anew", empty_value="never")
    def resets(self, budget: Budget) -> str | None:
        moment = _standing(budget).resets_at
        return f"{moment.day} {moment:%B}, 00:00 UTC" if moment else None

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> list[str]:
        return [*FIXED, "spent", "reserved", "left", "resets"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Budget | None = None) -> list[Any]:
        if obj is None:
            return [*FIXED, "limit", "active"]
        named = [name for name in FIXED if name in ("scope", "period") or getattr(obj, name)]
        return [*named, "limit", "active", "spent", "reserved", "left", "resets"]

    def has_delete_permission(self, request: HttpRequest, obj: Budget | None = None) -> bool:
        """Only what never held a call may go; the list's own action could not tell."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not obj.periods.exists()

    def save_model(self, request: HttpRequest, obj: Budget, form: BudgetModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and obj.feature and not Call.objects.filter(feature=obj.feature).exists():
            messages.warning(
                request,
                f"No call has been made for a feature named {obj.feature} yet. "
                "If you expected some, check the spelling.",
            )


def _standing(budget: Any) -> budgets.Standing:
    """How a budget stands; the columns of one row ask once."""
    if not hasattr(budget, "standing"):
        budget.standing = budgets.state(budget, timezone.now())
    standing: budgets.Standing = budget.standing
    return standing

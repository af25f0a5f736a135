"""Prices in the admin: made and deleted, never edited, so that each says for good what it said."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from llm.admin.people import person
from llm.models import ModelPrice
from llm.money import money

if TYPE_CHECKING:
    PriceModelAdmin = admin.ModelAdmin[ModelPrice]
else:
    PriceModelAdmin = admin.ModelAdmin


@admin.register(ModelPrice)
class ModelPriceAdmin(PriceModelAdmin):
    """New calls cost what stands here within a second; earlier ones once they are priced anew."""

    list_display = ["named", "starts_at", "input_price", "output_price", "cached_price", "note", "made_by"]
    list_filter = ["provider"]
    list_select_related = ["made_by"]
    search_fields = ["model", "note"]
    fieldsets = [
        (None, {"fields": ["provider", "model", "starts_at", "note"]}),
        (None, {"fields": ["input", "output", "cached", "cache_write", "reasoning"]}),
    ]

    @admin.display(description=gettext_lazy("Model"), ordering="model")
    def named(self, price: ModelPrice) -> str:
        return f"{price.provider}:{price.model}"

    @admin.display(description=gettext_lazy("Input"), ordering="input")
    def input_price(self, price: ModelPrice) -> str:
        return _shown(price.input)

    @admin.display(description=gettext_lazy("Output"), ordering="output")
    def output_price(self, price: ModelPrice) -> str:
        return _shown(price.output)

    @admin.display(description=gettext_lazy("Cached input"), empty_value="as input")
    def cached_price(self, price: ModelPrice) -> str | None:
        return None if price.cached is None else _shown(price.cached)

    def has_change_permission(self, request: HttpRequest, obj: ModelPrice | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"provider": "openai", **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: ModelPrice, form: Any, change: bool) -> None:
        obj.made_by = person(request)
        super().save_model(request, obj, form, change)
        said = _(
            'New calls cost this now. Earlier ones keep theirs until you <a href="{}">price them anew</a>.'
        )
        query = f"?model={obj.provider}:{obj.model}&since={obj.starts_at:%Y-%m-%d}"
        messages.info(request, format_html(said, reverse("admin:llm_repricing_add") + query))


def _shown(amount: Decimal) -> str:
    """Return a price with all its digits, and no fewer than those of cents: "$12.50", "$0.075"."""
    whole, _, part = str(money(amount)).partition(".")
    return f"${int(whole):,}.{part:0<2}"

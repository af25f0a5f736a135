"""Alerts in the admin: what happened, whom it was told, and the rules."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.alerts import channels, outbox
from llm.ids import uuid7
from llm.models import Alert, AlertDelivery, AlertRule

if TYPE_CHECKING:
    AlertModelAdmin = admin.ModelAdmin[Alert]
    RuleModelAdmin = admin.ModelAdmin[AlertRule]
    DeliveryInline = admin.TabularInline[AlertDelivery, Alert]
else:
    AlertModelAdmin = RuleModelAdmin = admin.ModelAdmin
    DeliveryInline = admin.TabularInline


class Deliveries(DeliveryInline):
    """Whom it was told, and what went wrong."""

    model = AlertDelivery
    fields = ("event", "channel", "target", "sent_at", "attempts", "next_at", "error")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(AlertModelAdmin):
    """What happened, to read and to acknowledge."""

    list_display = ["text", "level", "opened_at", "closed_at", "acknowledged_at"]
    fields = ["text", "kind", "level", "rule", "opened_at", "closed_at", "acknowledged_at"]
    list_filter = ["kind", "level", ("acknowledged_at", admin.EmptyFieldListFilter)]
    search_fields = ["text"]
    date_hierarchy = "opened_at"
    inlines = [Deliveries]
    actions = ["acknowledge"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {**_told(), **(extra_context or {})})

    @admin.action(description="Acknowledge the selected alerts", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        """Note that somebody knows; who did so first stays."""
        count = alerts.filter(acknowledged_at=None).update(acknowledged_at=timezone.now())
        self.message_user(request, f"Acknowledged {count} {'alert' if count == 1 else 'alerts'}.")

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("llm.change_alert")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AlertRule)
class AlertRuleAdmin(RuleModelAdmin):
    """What is watched, every minute. A test alert shows whether the messages arrive."""

    list_display = ["kind", "threshold", "minutes", "feature", "enabled"]
    list_editable = ["threshold", "minutes", "enabled"]
    list_display_links = ["kind"]
    actions = ["send_test"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {**_told(), **(extra_context or {})})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the fields of the list, which have no labels of their own there."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in self.list_editable:
            field.widget.attrs["aria-label"] = str(field.label)
        return field

    @admin.action(description=_("Send a test alert"), permissions=["change"])
    def send_test(self, request: HttpRequest, rules: QuerySet[AlertRule]) -> None:
        """Tell everybody who is told of alerts that this is a test, and say here whether it arrived."""
        now = timezone.now()
        if not channels.recipients():
            self.message_user(request, _NOBODY, messages.WARNING)
            return
        text = "This is a test: alerts of Parley arrive here."
        alert = Alert.objects.create(kind="test", key=f"test:{uuid7()}", text=text, opened_at=now)
        outbox.fill(now)
        outbox.send(now)
        for delivery in alert.deliveries.all():
            said = f"{delivery.get_channel_display()}, {delivery.target}: {delivery.error or 'sent'}"
            self.message_user(request, said, messages.ERROR if delivery.error else messages.SUCCESS)
            if delivery.channel == AlertDelivery.Channel.WEBHOOK:
                self.message_user(request, _SIGNED % {"secret": channels.secret()})


def _told() -> dict[str, Any]:
    """What the lists say first: that nobody would hear of an alert."""
    return {"nobody": "" if channels.recipients() else _NOBODY}


_SIGNED = _("Check the header X-Parley-Signature of a webhook with the secret %(secret)s.")
_NOBODY = _("Nobody is told of alerts. Set PARLEY_ALERT_WEBHOOK, or give an administrator an e-mail address.")

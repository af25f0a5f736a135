"""The budgets page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from llm.dashboard.purses import near, purses


@login_required
@require_safe
def budgets(request: HttpRequest) -> HttpResponse:
    """Show how far budgets have gone: all to staff, their own to others."""
    found = purses(request.user, timezone.now())
    shown = {
        "place": "usage",
        "purses": found,
        "near": near(found),
        "may_edit": request.user.is_staff and request.user.has_perm("llm.change_budget"),
    }
    return render(request, "llm/budgets.html", shown)

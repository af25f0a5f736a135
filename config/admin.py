"""People in the admin. An account is erased with all that the site knows of its person, or not at all."""

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.personal.erasing import erase, preview
from config.personal.exporting import export

if TYPE_CHECKING:
    People = QuerySet[User]
else:
    People = QuerySet

MOST = 20  # people at once

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """Django's own, with two actions more and without its deletion, which would leave texts behind."""

    actions = ["export_person", "erase_people"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("auth.delete_user")

    @admin.action(description=gettext_lazy("Export all data of the selected person"), permissions=["erase"])
    def export_person(self, request: HttpRequest, people: People) -> HttpResponseBase | None:
        """Hand over the archive; it never stands in a file that others may read."""
        chosen = list(people[:2])
        if len(chosen) != 1:
            self.message_user(
                request, _("Select one person: each export is a file of its own."), messages.ERROR
            )
            return None
        file = TemporaryFile()  # noqa: SIM115 the response closes it
        export(chosen[0], file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{chosen[0].get_username()}.zip")

    @admin.action(description=gettext_lazy("Erase the selected people"), permissions=["erase"])
    def erase_people(self, request: HttpRequest, people: People) -> HttpResponseBase | None:
        """Say what would go, and with a second press let it go."""
        chosen = list(people[:MOST])
        if fault := _fault(cast("User", request.user), chosen):
            self.message_user(request, fault, messages.ERROR)
            return None
        if "erase" not in request.POST:
            return TemplateResponse(request, "admin/auth/user/erase.html", self._page(request, chosen))
        for person in chosen:
            erase(person)
        self.message_user(request, _("Erased. The ledger keeps what was spent."), messages.SUCCESS)
        return None

    def _page(self, request: HttpRequest, chosen: list[User]) -> dict[str, object]:
        return {
            **self.admin_site.each_context(request),
            "title": _("Erase people"),
            "opts": self.opts,
            "people": [(person, preview(person)) for person in chosen],
        }


def _fault(asking: User, chosen: list[User]) -> str:
    """Why these may not be erased by that person, or nothing."""
    if asking in chosen:
        return _("You cannot erase yourself here. Somebody else can, or `manage.py person erase`.")
    if any(person.is_superuser for person in chosen) and not asking.is_superuser:
        return _("Only an administrator erases an administrator.")
    return ""

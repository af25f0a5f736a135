"""Rows that are written once: saving again, updating or deleting one raises Immutable."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from prompts.errors import Immutable


def _refuse() -> NoReturn:
    raise Immutable("History is never changed or deleted. Save a new version instead.")


class AppendOnlyRows[M: models.Model](models.QuerySet[M]):
    """Rows that nobody changes; the database's triggers refuse what goes round this class."""

    def update(self, **values: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class AppendOnly(models.Model):
    """A row of history."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Insert the row; raises Immutable for one that exists."""
        if not self._state.adding:
            _refuse()
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        _refuse()

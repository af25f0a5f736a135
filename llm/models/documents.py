"""Texts that people give to their agents, in passages of a size that a model can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm.ids import uuid7

PASSAGE = 1200  # characters, about
PARAGRAPH = re.compile(r"\n\s*\n")


def passages(text: str) -> Iterator[str]:
    """Cut a text where paragraphs end; one that is too long is cut where a word ends."""
    gathered = ""
    for paragraph in PARAGRAPH.split(text):
        for piece in _pieces(paragraph.strip()):
            if gathered and len(gathered) + len(piece) > PASSAGE:
                yield gathered
                gathered = ""
            gathered = f"{gathered}\n\n{piece}" if gathered else piece
    if gathered:
        yield gathered


def _pieces(paragraph: str) -> Iterator[str]:
    while len(paragraph) > PASSAGE:
        space = paragraph.rfind(" ", PASSAGE // 2, PASSAGE)
        end = space if space > 0 else PASSAGE
        yield paragraph[:end]
        paragraph = paragraph[end:].lstrip()
    if paragraph:
        yield paragraph


class Documents(models.QuerySet["Document"]):
    def visible_to(self, user: Any) -> Documents:
        """The documents of a person."""
        return self.filter(user=user)

    @transaction.atomic
    def store(self, user: Any, title: str, text: str) -> Document:
        """Keep a text for a person, cut into passages."""
        clean = text.replace("\x00", "")
        document = self.create(user=user, title=title.replace("\x00", ""), characters=len(clean))
        Passage.objects.bulk_create(
            Passage(document=document, number=number, text=passage)
            for number, passage in enumerate(passages(f"{document.title}\n\n{clean}"), 1)
        )
        return document


class Document(models.Model):
    """A text that agents of its owner may search."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documents")
    title = models.CharField(max_length=200)
    characters = models.PositiveIntegerField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = Documents.as_manager()

    class Meta:
        verbose_name = _("document")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class Passage(models.Model):
    """A piece of a document, the unit that is found. Its id is the row of the index."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.CASCADE, related_name="passages")
    number = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["document", "number"]

    def __str__(self) -> str:
        return f"{self.document_id} {self.number}"

"""Documents: what agents of their owner may search."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from llm.api.faults import Fault, NotFound, TooLarge
from llm.api.shapes import Payload
from llm.models import Document

router = Router(tags=["documents"])

MOST = 1_000_000  # characters
PAGE = 100


class NewDocument(Payload):
    """A text and its name."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1)]


class DocumentOut(Schema):
    id: uuid.UUID
    title: str
    characters: int
    created_at: datetime


@router.post("/documents", response={201: DocumentOut}, summary="Add a text")
def add(request: HttpRequest, payload: NewDocument) -> Status[Document]:
    """Keep a text for your agents to search."""
    return Status(201, kept(request.user, payload.title, payload.text))


@router.post("/documents/file", response={201: DocumentOut}, summary="Add a file")
def upload(request: HttpRequest, file: File[UploadedFile], title: Form[str] = "") -> Status[Document]:
    """Keep a text file (plain text, Markdown, CSV; UTF-8) for your agents to search."""
    if (file.size or 0) > MOST * 4:
        raise TooLarge(f"The file is too large; at most {MOST:,} characters fit.", pointer="/file")
    return Status(201, kept(request.user, (title or file.name or "")[:200], readable(file.read())))


@router.get("/documents", summary="List your documents")
def listed(request: HttpRequest, after: uuid.UUID | None = None) -> dict[str, Any]:
    """List your documents, the newest first; `next` continues as `after`."""
    rows = Document.objects.visible_to(request.user)
    page = list((rows.filter(pk__lt=after) if after else rows)[: PAGE + 1])
    return {
        "documents": [DocumentOut.model_validate(row, from_attributes=True) for row in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
    }


@router.delete("/documents/{uuid:pk}", response={204: None}, summary="Delete a document")
def delete(request: HttpRequest, pk: uuid.UUID) -> Status[None]:
    """Delete one; agents do not find it any more."""
    deleted, _ = Document.objects.visible_to(request.user).filter(pk=pk).delete()
    if not deleted:
        raise NotFound("This document does not exist.")
    return Status(204, None)


def readable(content: bytes) -> str:
    """Return a file's text; raises Fault for what is not text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fault("The file is not text in UTF-8.", pointer="/file") from None


def kept(user: Any, title: str, text: str) -> Document:
    """Keep a text; raises Fault."""
    if len(text) > MOST:
        raise TooLarge(f"The text has {len(text):,} characters; at most {MOST:,} fit.", pointer="/text")
    if not text.strip():
        raise Fault("The text is empty.", pointer="/text")
    return Document.objects.store(user, title.strip() or "Untitled", text)

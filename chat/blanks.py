"""A question and a live answer with nothing in them, for the page's script to copy and fill in."""

import uuid
from datetime import UTC, datetime

from chat.models import Message
from chat.reading import ThreadMessage

NOBODY = uuid.UUID(int=0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BLANKS = (
    ThreadMessage(
        id=NOBODY, parent=None, role=Message.Role.USER, content="", created_at=EPOCH,
        status=Message.Status.COMPLETED, siblings=(NOBODY,),
    ),
    ThreadMessage(
        id=NOBODY, parent=None, role=Message.Role.ASSISTANT, content="", created_at=EPOCH,
        status=Message.Status.STREAMING, siblings=(NOBODY,),
    ),
)  # fmt: skip

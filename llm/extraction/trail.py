"""What an extraction took, however it ended: nothing that was paid for is lost."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from llm.types import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """`usage` and `cost` are of all attempts; `cost` is None if one is unknown. `text` is the last answer as
    the model wrote it, `repairs` what was done to read it. Every attempt is on the books under `request_id`;
    `upstream_ids` are the provider's own."""

    attempts: int
    model: str
    usage: Usage
    cost: Decimal | None
    text: str
    repairs: tuple[str, ...]
    request_id: uuid.UUID
    upstream_ids: tuple[str, ...]

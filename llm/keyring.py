"""Keys that callers come with. Each request looks its key up anew: what was revoked opens nothing more."""

from collections.abc import Mapping, Sequence

from llm.groupread import GroupRead
from llm.models import ApiKey
from llm.models.keys import PREFIX, hashed


async def opened_by(key: str) -> ApiKey | None:
    """Return the usable row of a key, with its user, or None."""
    if not key.startswith(PREFIX):
        return None
    row = await _rows.get(hashed(key))
    return row if row and row.state == "usable" and row.user.is_active else None


def _read(hashes: Sequence[str]) -> Mapping[str, ApiKey]:
    rows = ApiKey.objects.filter(hash__in=hashes).select_related("user").order_by()
    return {row.hash: row for row in rows}


_rows = GroupRead(_read, name="keys")

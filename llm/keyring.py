"""Keys that callers come with. Each request looks its key up anew: what was revoked opens nothing more."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User

from llm.groupread import GroupRead
from llm.models import ApiKey
from llm.models.keys import PREFIX, hashed
from llm.selecting import select


async def opened_by(key: str) -> ApiKey | None:
    """Return the usable row of a key, with its user, or None."""
    if not key.startswith(PREFIX):
        return None
    row = await _rows.get(hashed(key))
    return row if row and row.state == "usable" and row.user.is_active else None


def _read(hashes: Sequence[str]) -> Mapping[str, ApiKey]:
    keys = select(ApiKey, "hash", hashes)
    found: dict[str, ApiKey] = {}  # without one whose user has just been deleted, as it is itself
    users = {user.pk: user for user in select(User, "id", {key.user_id for key in keys})}
    for key in keys:
        if user := users.get(key.user_id):
            key.user = user
            found[key.hash] = key
    return found


_rows = GroupRead(_read, name="keys")

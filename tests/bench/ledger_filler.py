"""A ledger of any size in one statement: thirty days until now, of many people, features and models.

A tenth more are in the thirty days before, which pages compare with.

Numbers come from the row's own number, so that two databases get the same calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Field

from llm.models import ApiKey, Call

PEOPLE, KEYS = 200, 20
SPAN = 30 * 24 * 3600  # seconds
# Pseudo-random parts of a row, each from 0 to 999: the remainders of large steps.
_DICE = {name: f"((i * {step} + {start}) % 1009) * 1000 / 1009" for name, step, start in (
    ("who", 769, 5), ("what", 613, 77), ("how", 911, 31), ("long", 389, 500), ("fate", 547, 211),
)}  # fmt: skip
_FEATURE = """
    CASE WHEN {what} < 520 THEN 'chat' WHEN {what} < 760 THEN 'extract' WHEN {what} < 880 THEN 'agents'
    WHEN {what} < 950 THEN 'gateway' WHEN {what} < 985 THEN 'title' ELSE 'playground' END
"""
_MODEL = """
    CASE WHEN {how} < 600 THEN 'claude-haiku-5-5' WHEN {how} < 900 THEN 'gpt-5.6-luna'
    WHEN {how} < 980 THEN 'gpt-5.5' ELSE 'smollm2' END
"""
_CACHED = "{fate} >= 780"
_DOLLARS = "(400000 + {long} * 3117) / 1000000000.0"
_VALUES = {
    "feature": _FEATURE,
    "model": _MODEL,
    "provider": "CASE WHEN {how} < 600 THEN 'anthropic' WHEN {how} < 980 THEN 'openai' ELSE 'local' END",
    "prompt": "CASE WHEN {what} < 520 THEN 'assistant' WHEN {what} < 760 THEN 'sentiment' ELSE '' END",
    "prompt_version": "CASE WHEN {what} < 760 THEN 1 + i * 4 / {total} ELSE NULL END",
    "outcome": "CASE WHEN {fate} < 4 THEN 'timed_out' WHEN {fate} < 8 THEN 'unavailable' ELSE 'ok' END",
    "finish": "CASE WHEN {fate} < 8 THEN '' ELSE 'stop' END",
    "cached": f"({_CACHED})",
    "estimated": "(1 = 0)",
    "input_tokens": f"CASE WHEN {_CACHED} THEN 0 ELSE 200 + {{long}} * 3 END",
    "output_tokens": f"CASE WHEN {_CACHED} THEN 0 ELSE 40 + {{long}} / 2 END",
    "cached_tokens": f"CASE WHEN {_CACHED} THEN 0 ELSE {{long}} / 2 END",
    "cache_write_tokens": "0",
    "reasoning_tokens": f"CASE WHEN {_CACHED} OR {{how}} < 600 THEN 0 ELSE {{long}} / 5 END",
    "cost": f"CASE WHEN {_CACHED} OR {{how}} >= 980 THEN 0 ELSE {_DOLLARS} END",
    "saved": f"CASE WHEN {_CACHED} THEN {_DOLLARS} ELSE NULL END",
    "first_token_ms": "180 + {long} * {how} / 900",
    "total_ms": "700 + {long} * {how} / 120",
}  # fmt: skip
# When a row was written: those of the time before are ten times further apart.
_AT = "{since} + CASE WHEN i < {before} THEN (i - {before}) * 10 ELSE i - {before} END * {seconds}"
_WAYS = {
    "sqlite": {
        "id": "lower(hex(randomblob(16)))",
        "created_at": f"strftime('%Y-%m-%d %H:%M:%f', {_AT}, 'unixepoch') || '000'",
    },
    "postgresql": {
        "id": "gen_random_uuid()",
        "created_at": f"to_timestamp({_AT})",
    },
}


def fill(count: int, until: datetime) -> None:
    """Write so many calls of the thirty days before `until`, and a tenth more of those before."""
    people = User.objects.bulk_create(User(username=f"person{number:03}") for number in range(PEOPLE))
    first = User.objects.get(username=people[0].username).pk
    for who in User.objects.filter(username__in=[one.username for one in people[:KEYS]]):
        ApiKey.objects.issue(user=who, name=f"{who}-import")
    fields = list(Call._meta.concrete_fields)
    before = count // 10
    total = count + before
    given = {
        **_DICE,
        "total": total,
        "before": before,
        "since": until.timestamp() - SPAN,
        "seconds": SPAN / count,
    }
    shown = ", ".join(f"({_value(field, first)})".format(**given) for field in fields)
    columns = ", ".join(str(field.column) for field in fields)
    statement = f"""
        INSERT INTO llm_call ({columns})
        WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {total})
        SELECT {shown} FROM n
    """  # noqa: S608 no text from outside
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("ANALYZE")


def _value(field: Field[Any, Any], first: int) -> str:
    """The expression of a column; people of low numbers call most, those who have a key by it."""
    way = _WAYS[connection.vendor]
    user = f"{first} + {{who}} * {{who}} / 1000 * {{who}} * {PEOPLE} / 1000000"
    key = f"SELECT k.id FROM llm_apikey k WHERE {{how}} < 300 AND k.user_id = {user}"  # noqa: S608 the same
    values: dict[str, str] = {**_VALUES, **way, "request_id": way["id"], "user": user, "key": key}
    return values.get(field.name) or ("NULL" if field.null else "''")

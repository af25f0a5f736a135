"""Secrets that this process knows: they are taken out wherever they stand, whatever they look like."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from llm.redaction.marks import SECRET

LEAST = 8  # a shorter one would be found in ordinary words


class Known:
    """Hides exact values, and their forms in JSON and in a URL; the longest first."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= LEAST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, SECRET)
        return text


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


def secrets_of(environment: BaseModel) -> Iterator[str]:
    """Yield each secret value of the environment, passwords in addresses and secret addresses included."""
    for name, value in environment:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str) and "://" in value:
            yield from _of_address(name, value)


def _of_address(name: str, value: str) -> Iterator[str]:
    parts = urlsplit(value)
    if parts.password:
        yield from (parts.password, unquote(parts.password))
    if name.endswith("webhook") and len(parts.path) >= LEAST:
        yield value  # who knows the address of a hook may post to it


def passwords_of(databases: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the password of each of Django's databases."""
    yield from (str(database["PASSWORD"]) for database in databases.values() if database.get("PASSWORD"))

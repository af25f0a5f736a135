"""Schemas that people make: taken or refused, told what each model makes of them, versioned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from llm.extraction.compiler import Plan, plan
from llm.extraction.parsing import NotJSON, loads
from llm.extraction.raw_schema import SchemaRefused, validator_of
from llm.models import ExtractionSchema, ExtractionSchemaVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a model makes of a schema."""

    model: str
    plan: Plan


def read(source: str) -> Mapping[str, Any]:
    """Return the JSON Schema of a text; raises SchemaRefused."""
    try:
        schema = loads(source)
    except NotJSON as error:
        raise SchemaRefused(f"It is not JSON. {error}") from None
    if not isinstance(schema, Mapping):
        raise SchemaRefused("It is not a JSON object.")
    validator_of(schema)
    return schema


def sights(schema: Mapping[str, Any]) -> list[Sight]:
    """Return what each model of the site makes of a schema that was taken."""
    return [Sight(model=model, plan=plan(schema, model)) for model in settings.PARLEY.model_chain]


@transaction.atomic
def save_version(
    schema: ExtractionSchema, source: str, *, author: User | None, note: str = ""
) -> ExtractionSchemaVersion:
    """Write the next version; callers get it once it is made the current one."""
    ExtractionSchema.objects.select_for_update().get(pk=schema.pk)
    newest = schema.versions.first()
    return ExtractionSchemaVersion.objects.create(
        schema=schema, number=newest.number + 1 if newest else 1, source=source, author=author, note=note
    )


def offer(schema: ExtractionSchema, version: ExtractionSchemaVersion | None) -> None:
    """Make a version the one that callers get; None withdraws the schema."""
    schema.current = version
    schema.save(update_fields=["current"])

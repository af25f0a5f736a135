"""GET /schemas: what can be extracted by name."""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel

from llm.api.faults import NotFound
from llm.extraction import schemas

router = Router(tags=["extraction"])


class SchemaOut(BaseModel):
    name: str
    title: str
    json_schema: dict[str, Any]
    version: int | None


class SchemasOut(BaseModel):
    schemas: list[SchemaOut]


async def named(name: str) -> schemas.Named:
    """Return the schema of a name; raises NotFound."""
    if found := await schemas.find(name):
        return found
    names = ", ".join(entry.name for entry in await schemas.everything())
    raise NotFound(f"There is no schema named {name[:64]!r}. There are: {names}.")


@router.get("/schemas", response=SchemasOut, summary="List the schemas")
async def listed(request: HttpRequest) -> dict[str, Any]:
    """List the schemas that texts can be extracted into."""
    return {"schemas": [_out(entry) for entry in await schemas.everything()]}


@router.get("/schemas/{name}", response=SchemaOut, summary="Look at one schema")
async def one(request: HttpRequest, name: str) -> dict[str, Any]:
    """Look at one schema."""
    return _out(await named(name))


def _out(entry: schemas.Named) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "json_schema": entry.contract.json_schema,
        "version": entry.number,
    }

"""The contract of one item of a list."""

from dataclasses import replace
from typing import Any, get_args, get_origin

from llm.extraction.compiler import written
from llm.extraction.contracts import Contract, ModelContract, RawContract
from llm.extraction.raw_schema import SchemaRefused, checker_of

REFUSED = "Items can be shown one by one where the answer is a list: list[Model], or an array of `items`."


def item_contract(contract: Contract) -> Contract:
    """Return what each item must satisfy; raises SchemaRefused where the answer is no list."""
    schema = contract.json_schema
    if isinstance(contract, ModelContract) and get_origin(contract.type) is list:
        return replace(ModelContract.of(get_args(contract.type)[0]), context=contract.context)
    if isinstance(contract, RawContract) and schema.get("type") == "array" and "items" in schema:
        return _raw(contract, schema["items"])
    raise SchemaRefused(REFUSED)


def _raw(contract: RawContract, items: Any) -> RawContract:
    """The item's schema where it stands, so that its references hold."""
    whole = {word: value for word, value in contract.json_schema.items() if word in KEPT}
    one = {**whole, "allOf": [items]} if whole else items
    if isinstance(one, bool):
        one = {"allOf": [one]}
    return replace(contract, json_schema=one, schema_text=written(one), checker=checker_of(one))


KEPT = frozenset({"$schema", "$id", "$defs", "definitions"})

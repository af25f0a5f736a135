"""An extraction's request as each model of the chain needs it."""

from collections.abc import Callable
from dataclasses import replace

from llm.extraction import asking
from llm.extraction.contracts import Contract
from llm.types import Request, Schema, Tool


def fitted(contract: Contract, *, shown: bool) -> Callable[[Request], Request]:
    """Return what adds the schema to a request, in the way of the model that it names.

    `shown` says that the messages already tell the schema in words.
    """

    def fit(request: Request) -> Request:
        way = contract.plan(request.model or "")
        if way.mode == "native":
            return replace(request, schema=Schema(name=contract.name, json_schema=way.sent))
        if way.mode == "tool":
            tool = Tool(name=contract.name, description="Takes the answer.", parameters=way.sent)
            return replace(request, tools=(tool,), tool_choice=contract.name)
        if shown:
            return request
        return replace(request, messages=asking.with_schema(request.messages, way.sent))

    return fit

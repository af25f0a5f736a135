"""What an agent may use: a function, the schema of its arguments, and what a crash in the middle means.

    @tool(crash="once", timeout=20, permission="shop.add_order", approval=True)
    async def order(article: str, count: int = 1, *, context: Context) -> str:
        \"""Order an article.

        Args:
            article: The article's number, such as A-17.
            count: How many pieces.
        \"""

`crash` says what becomes of a call that a dead process left behind: `pure` (reads or computes) and
`idempotent` (may happen twice; `context.key` is the same then) run again, `once` waits for a person. A
function tells the model what went wrong by raising ToolError, and thereby that nothing happened; after any
other exception of a `once` tool nobody knows that.
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints
from uuid import UUID

import docstring_parser
from django.db import connections
from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model

from llm.extraction.parsing import NotJSON, loads
from llm.extraction.pointers import pointer
from llm.types import Owner, Tool

type Crash = Literal["pure", "idempotent", "once"]
type Function = Callable[..., Awaitable[object] | object]
type Narrow = Callable[[str], Mapping[str, Any] | None]

NAME = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
ARGUMENTS = 20_000  # characters of JSON


class ToolDeclared(TypeError):
    """A tool is declared in a way that cannot work; the text names it and the fix."""


class ToolError(Exception):
    """A tool could not do what was asked, and nothing happened; its text is told to the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who a call is for. `key` is the same for every try of one call, and no other call has it."""

    owner: Owner = field(default_factory=Owner)
    run: UUID | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTool:
    """A tool as agents know it.

    `timeout` is in seconds; `permission` is one of Django's, which the run's owner must have; `approval`
    asks a person before each call; `narrow` is given what was said so far and returns the schema of the
    arguments that make sense then, or None if none do: small models choose only among those.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    function: Function
    takes_context: bool
    crash: Crash = "once"
    timeout: float = 30.0
    permission: str = ""
    approval: bool = False
    narrow: Narrow | None = None

    @property
    def wire(self) -> Tool:
        """Return what a model is told of it."""
        return Tool(name=self.name, description=self.description, parameters=schema_of(self.arguments))

    def read(self, written: str) -> BaseModel:
        """Return the arguments that a model wrote, checked and never repaired; raises ToolError."""
        if len(written) > ARGUMENTS:
            raise ToolError(f"The arguments are longer than {ARGUMENTS:,} characters.")
        try:
            return self.arguments.model_validate(loads(written or "{}"))
        except NotJSON as error:
            raise ToolError(f"The arguments are not valid JSON: {error}") from None
        except ValidationError as error:
            faults = [f"{pointer(fault['loc']) or '/'}: {fault['msg']}" for fault in error.errors()[:5]]
            raise ToolError("The arguments are not valid. " + "; ".join(faults)) from None

    async def use(self, arguments: BaseModel, context: Context) -> str:
        """Call the function within the time it has; raises TimeoutError and what it raises."""
        given = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        if self.takes_context:
            given["context"] = context
        async with asyncio.timeout(self.timeout):
            if inspect.iscoroutinefunction(self.function):
                return _written(await self.function(**given))
            return _written(await asyncio.to_thread(_in_thread, self.function, given))


def tool(
    *,
    crash: Crash,
    timeout: float = 30.0,
    permission: str = "",
    approval: bool = False,
    narrow: Narrow | None = None,
) -> Callable[[Function], AgentTool]:
    """Make a tool of a function; raises ToolDeclared. See the module for what the words mean."""
    if crash not in get_args(Crash.__value__):
        raise ToolDeclared(f"crash is {crash!r}; write pure, idempotent or once.")
    if timeout <= 0:
        raise ToolDeclared(f"timeout is {timeout!r}; write the seconds that a call may take.")
    if permission and permission.count(".") != 1:
        raise ToolDeclared(f"permission is {permission!r}; write it as app_label.codename.")

    def declare(function: Function) -> AgentTool:
        name, doc = _name(function), docstring_parser.parse(inspect.getdoc(function) or "")
        if not doc.description:
            raise ToolDeclared(f"The tool {name} has no docstring; the model reads there what it is for.")
        return AgentTool(
            name=name,
            description=doc.description.strip(),
            arguments=_arguments(name, function, {p.arg_name: p.description or "" for p in doc.params}),
            function=function,
            takes_context="context" in inspect.signature(function).parameters,
            crash=crash,
            timeout=timeout,
            permission=permission,
            approval=approval,
            narrow=narrow,
        )

    return declare


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of arguments, without the titles that Pydantic makes of names."""
    return _untitled(model.model_json_schema())  # type: ignore[no-any-return]


def _name(function: Function) -> str:
    name = getattr(function, "__name__", "")
    if not NAME.match(name):
        raise ToolDeclared(f"A tool cannot be named {name!r}; use up to 64 of a-z, 0-9 and _.")
    return name


def _arguments(name: str, function: Function, told: Mapping[str, str]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "context":
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ToolDeclared(f"The tool {name} takes {parameter}; a model fills named arguments only.")
        if parameter.name not in hints:
            raise ToolDeclared(f"The tool {name} does not say of which type {parameter.name} is.")
        fields[parameter.name] = (hints[parameter.name], _field(parameter, told.get(parameter.name, "")))
    if unknown := told.keys() - fields.keys():
        raise ToolDeclared(
            f"The docstring of the tool {name} tells of {min(unknown)}, which it does not take."
        )
    return _model(name, fields)


def _field(parameter: inspect.Parameter, description: str) -> Any:
    default = ... if parameter.default is parameter.empty else parameter.default
    return Field(default, description=description or None)


def _model(name: str, fields: dict[str, Any]) -> type[BaseModel]:
    try:
        model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        schema_of(model)
    except (PydanticUserError, NameError) as error:
        raise ToolDeclared(f"The arguments of the tool {name} have no JSON Schema: {error}") from error
    return model


def _untitled(value: Any) -> Any:
    if isinstance(value, list):
        return [_untitled(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {key: _untitled(one) for key, one in inner.items()}
        if name == "properties"
        else _untitled(inner)
        for name, inner in value.items()
        if name != "title" or not isinstance(inner, str)
    }


def _in_thread(function: Function, given: Mapping[str, Any]) -> object:
    try:
        return function(**given)
    finally:
        connections.close_all()  # the thread is one of many, and its connection nobody's


def _written(result: object) -> str:
    if isinstance(result, str):
        return result
    from llm.agents.canonical import canonical

    return canonical(result)

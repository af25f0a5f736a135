"""A tool is declared by its function alone, and a wrong declaration says what is wrong."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from pytest_django import Settings

from llm.agents.checks import check_tools
from llm.agents.registry import faults
from llm.agents.tool import Context, ToolDeclared, ToolError, tool


@tool(crash="idempotent", timeout=5)
async def order(
    article: Annotated[str, Field(pattern="^A-")],
    title: str,
    count: int = 1,
    speed: Literal["slow", "fast"] | None = None,
    *,
    context: Context,
) -> dict[str, Any]:
    """Order an article.

    It comes by mail.

    Args:
        article: Its number, such as A-17.
        count: How many pieces.
    """
    return {"article": article, "key": context.key, "count": count}


@tool(crash="pure", timeout=0.05)
def slowly() -> str:
    """Take long."""
    import threading

    threading.Event().wait(0.3)
    return "late"


def test_the_schema_comes_from_signature_and_docstring() -> None:
    assert (order.name, order.description) == ("order", "Order an article.\n\nIt comes by mail.")
    schema = order.wire.parameters
    assert schema["required"] == ["article", "title"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["article"] == {
        "type": "string",
        "pattern": "^A-",
        "description": "Its number, such as A-17.",
    }
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["count"] == {
        "type": "integer",
        "default": 1,
        "description": "How many pieces.",
    }
    assert "context" not in schema["properties"]


async def test_a_result_that_is_no_text_becomes_json() -> None:
    arguments = order.read('{"article": "A-1", "title": "x", "count": "3"}')
    assert await order.use(arguments, Context(key="k")) == '{"article":"A-1","count":3,"key":"k"}'


async def test_a_synchronous_tool_runs_in_a_thread_and_has_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        await slowly.use(slowly.read(""), Context())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"article": "B-1", "title": "x"}', "/article"),
        ('{"article": "A-1"}', "/title"),
        ('{"article": "A-1", "title": "x", "else": 1}', "/else"),
        ('{"article": "A-1", "article": "A-2", "title": "x"}', "twice"),
        ("[" * 30_000, "longer than"),
    ],
)
def test_arguments_are_checked(written: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        order.read(written)


def untyped(what) -> None:  # type: ignore[no-untyped-def]
    """Do."""


def many(*what: str) -> None:
    """Do."""


def silent(what: str) -> None:
    pass


def forgetful(what: str) -> None:
    """Do.

    Args:
        who: Nobody.
    """


def shapeless(what: Callable[[], None]) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (untyped, "of which type what is"),
        (many, "named arguments only"),
        (silent, "has no docstring"),
        (forgetful, "tells of who"),
        (shapeless, "have no JSON Schema"),
        (lambda: None, "cannot be named"),
    ],
)
def test_a_wrong_declaration_says_so(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(ToolDeclared, match=said):
        tool(crash="pure")(function)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"crash": "never"}, "pure, idempotent or once"),
        ({"crash": "pure", "timeout": 0}, "seconds"),
        ({"crash": "pure", "permission": "admin"}, "app_label.codename"),
    ],
)
def test_a_wrong_option_says_so(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolDeclared, match=said):
        tool(**options)


def test_the_site_is_told_at_its_start(settings: Settings) -> None:
    good = "llm.agents.tools.calculate.calculate"
    settings.LLM_TOOLS = [good, good, "llm.agents.nothing.here", "llm.agents.registry.load"]
    found = check_tools(None)
    assert [message.id for message in found] == ["parley.E010"] * 3
    assert "two tools that are called calculate" in found[0].msg
    assert "cannot be imported" in found[1].msg
    assert "is not a tool" in found[2].msg
    assert list(faults([good])) == []

"""A model that follows a script drives a run to its end."""

import pytest
from django.contrib.auth.models import User

from llm.providers.scripted import tool_call
from tests.llm.agents.scenes import SMALL, drive, kinds, make_run, shown

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_goal_is_reached_in_three_steps(alice: User) -> None:
    run = make_run(alice)
    drive(tool_call("calculate", expression="37 * 43"), "37 * 43 is 1591.")
    found = shown(run)
    assert (found["status"], found["result"], found["iterations"]) == ("completed", "37 * 43 is 1591.", 2)
    assert kinds(found["steps"]) == ["model done", "tool done", "model done"]
    assert found["steps"][1]["arguments"] == {"expression": "37 * 43"}
    assert found["steps"][1]["observation"] == "1591"


def test_a_model_without_tool_calls_chooses_among_what_makes_sense(alice: User) -> None:
    run = make_run(alice)
    script = drive(
        '{"tool": "calculate", "arguments": {"expression": "37 * 43"}}',
        '{"tool": "complete", "arguments": {"answer": "1591"}}',
        model=SMALL,
    )
    assert (shown(run)["status"], shown(run)["result"]) == ("completed", "1591")
    first, second = (request.schema.json_schema for request in script.requests if request.schema)
    assert first["properties"]["tool"] == {"const": "calculate"}
    assert first["properties"]["arguments"]["properties"] == {"expression": {"enum": ["37 * 43"]}}
    assert second["properties"]["tool"] == {"const": "complete"}

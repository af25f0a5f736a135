"""Test a feature without a provider: script what the model says, count the calls, replay real exchanges.

from llm.testing import assert_llm_calls, error, script, tool_call

with script("Hello.", tool_call("search", q="tea"), error(Overloaded)) as model:
    ...                                     # any code that calls llm.run, llm.extract or llm.map
assert model.requests[0].messages[-1].content == "Hi"

With pytest one line in the top `conftest.py` turns everything on: `pytest_plugins = ["llm.testing.plugin"]`.
Without pytest set ALLOW_MODEL_CALLS = False in the settings of your tests.
"""

from llm.providers.forbidden import ModelCallForbidden
from llm.providers.scripted import Scripted, ScriptExhausted, error, say, tool_call, when
from llm.testing.calls import assert_llm_calls, assert_max_cost
from llm.testing.recording import RecordingDiffers, RecordingMissing
from llm.testing.scripting import script

__all__ = [
    "ModelCallForbidden",
    "RecordingDiffers",
    "RecordingMissing",
    "ScriptExhausted",
    "Scripted",
    "assert_llm_calls",
    "assert_max_cost",
    "error",
    "say",
    "script",
    "tool_call",
    "when",
]

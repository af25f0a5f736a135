import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from config.child import answers
from config.environment import BASE_DIR
from config.listening import free_port
from llm import local_model
from tests.config.test_supervisor import eventually


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The local model, served."""
    port = free_port()
    command = [sys.executable, "-m", "llm.local_model", "--port", str(port), "--slots", "2", "--threads", "1"]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{url}/health"), 60)
        yield url
        process.terminate()
        assert process.stdout
        assert process.stdout.read() == b""  # quiet while all is well


def ask(address: str, **body: Any) -> Any:
    question = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 16, **body}
    request = urllib.request.Request(  # noqa: S310
        f"{address}/v1/chat/completions",
        json.dumps(question).encode(),
        {"Content-Type": "application/json", "Origin": "https://elsewhere.example"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return json.load(response), response.headers


@pytest.mark.local_model
def test_it_answers_as_openai_does(address: str) -> None:
    reply, _ = ask(address)
    assert reply["model"] == local_model.NAME
    assert reply["choices"][0]["message"]["content"]
    assert reply["usage"]["completion_tokens"] > 0


@pytest.mark.local_model
def test_it_keeps_to_a_schema(address: str) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}},
        "required": ["mood"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "mood", "schema": schema, "strict": True}}
    reply, _ = ask(address, response_format=form, max_tokens=100, temperature=0)
    assert json.loads(reply["choices"][0]["message"]["content"])["mood"] in {"good", "bad"}


@pytest.mark.local_model
def test_each_conversation_may_use_all_that_the_model_holds(address: str) -> None:
    long = [{"role": "user", "content": "word " * (local_model.CONTEXT_TOKENS + 100)}]
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, messages=long)
    assert json.load(refused.value)["error"]["n_ctx"] == local_model.CONTEXT_TOKENS
    refused.value.close()


@pytest.mark.local_model
def test_pages_of_other_sites_may_not_read_its_answers(address: str) -> None:
    _, headers = ask(address)
    assert headers["Access-Control-Allow-Origin"] != "https://elsewhere.example"


def test_a_machine_without_the_packages_is_told_what_to_set() -> None:
    bare = [sys.executable, "-S", "-m", "llm.local_model", "--port", "1"]  # -S: no installed packages
    told = subprocess.run(bare, cwd=BASE_DIR, capture_output=True, text=True)
    assert told.returncode == local_model.CANNOT_RUN
    assert told.stderr.count("\n") == 1
    assert "Set OPENAI_API_KEY, ANTHROPIC_API_KEY or OPENAI_BASE_URL" in told.stderr

"""The local model: llama.cpp's server, through the same code as OpenAI. What it answers costs nothing."""

from urllib.parse import urlsplit

from llm.providers.endpoint import Endpoint
from llm.providers.openai import OpenAI
from llm.providers.unset import NOT_RUNNING


def local(url: str, *, recorded: bool = False) -> OpenAI:
    """Return the provider for a server at `url`, its root or its `/v1`; `recorded`: see Endpoint."""
    return OpenAI(
        Endpoint(
            title="The local model",
            base_url=url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1",
            url_variable="PARLEY_LOCAL_URL",
            bounded=True,  # without a limit llama.cpp writes until its memory of the chat is full
            unreachable=NOT_RUNNING,
            recorded=recorded,
        )
    )

"""Let a script answer in the place of the site's models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.conf import settings

from llm import catalog, client, ledger
from llm.layers.fallback import Fallback
from llm.layers.record import Record
from llm.providers.scripted import Scripted, ScriptExhausted, Step, When


@contextmanager
def script(
    *steps: Step | When,
    models: tuple[str, ...] = (),
    pipeline: Literal["short", "site"] = "short",
) -> Iterator[Scripted]:
    """Answer every call of this process with these steps while the block runs; yields the scripted model.

    A step is a text (streamed word by word), a mapping, list or Pydantic object (said as JSON), `say(...)`,
    `tool_call(...)`, `error(...)`, or a function of the request that returns one of these. Steps are used in
    order, each once; `when(match, step)` answers whatever matches, as often as it comes.
    `models` are the chain of fallback, by default the site's: name one with a price to see costs.
    The short pipeline touches no database: each attempt goes straight to the script, an error comes back at
    once. "site" is the whole one with its cache, budgets, retries and ledger (and needs a database).
    Raises AssertionError at the end of the block when an answer was missing or is left over.
    """
    model = Scripted(*steps)
    with client.stand_in(_client(model, models, pipeline)):
        yield model
    if model.unanswered:
        raise ScriptExhausted(f"{len(model.unanswered)} requests came that the script has no answer for.")
    if model.left:
        raise AssertionError(f"{len(model.left)} scripted answers were never asked for: {model.left!r:.500}")


def _client(model: Scripted, models: tuple[str, ...], pipeline: str) -> client.Client:
    chain = {"parley_models": ",".join(models)} if models else {}
    site = settings.PARLEY.model_copy(update=chain)
    providers = dict.fromkeys(catalog.PROVIDERS, model)
    if pipeline == "site":
        return client.whole(site, providers)
    return client.Client(providers, Fallback(site.model_chain), Record(ledger.tell))

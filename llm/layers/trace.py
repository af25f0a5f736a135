"""One span a call, with all that the other layers do for it inside."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from django.conf import settings

from llm import origin
from llm.telemetry import conventions, spans
from llm.types import Emit, Handler, Reply, Request


class Trace:
    """Traces calls; with `contents` also what was said, as the call log may keep it."""

    def __init__(self, models: Callable[[Request], Iterable[str]], *, contents: bool = False) -> None:
        self.models = models
        self.contents = contents

    async def __call__(self, request: Request, emit: Emit, call: Handler) -> Reply:
        mode = settings.PARLEY.call_log_mode(request.feature)
        if mode == "off":
            return await call(request, emit)
        model = next(iter(self.models(request)), "")
        name = f"chat {model.partition(':')[2]}"
        with spans.span(name, conventions.asked(request, model), client=True) as note:
            try:
                reply = await call(replace(request, origin=origin.current()), emit)
            finally:
                note(conventions.spent(request))
            note(conventions.answered(reply))
            if self.contents and mode != "metadata":
                note(await asyncio.to_thread(conventions.contents, request, reply))
            return reply

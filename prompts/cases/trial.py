"""One case over one version: ask, check, and return the unsaved result. It fails alone."""

import json
import logging
from decimal import Decimal
from time import monotonic
from typing import Any

import llm
from llm.types import CachePolicy
from prompts import rendering
from prompts.cases.checks import Verdict, verdict, wrong_check, wrong_messages
from prompts.cases.judge import judged
from prompts.content import Content
from prompts.errors import PromptError
from prompts.models import CaseCheck, CaseResult, CaseRun, PromptCase

logger = logging.getLogger(__name__)

MAX_OUTPUT = 100_000  # characters of an answer that are kept


async def tried(run: CaseRun, case: PromptCase) -> CaseResult:
    """Return what the case comes to; what goes wrong is its error, not the run's."""
    result = CaseResult(run=run, case=case, name=case.name, passed=False)
    try:
        await _try(result, run, case)
    except (PromptError, llm.LLMError) as error:
        result.error = error.sentence
        if isinstance(error, llm.LLMError) and error.partial:
            result.cost = error.partial.cost
            result.tokens = error.partial.usage.input_tokens + error.partial.usage.output_tokens
    except Exception:
        logger.exception("prompts.case_failed", extra={"case": case.pk})
        result.error = "The case could not be run. The log says why."
    return result


async def _try(result: CaseResult, run: CaseRun, case: PromptCase) -> None:
    content, owner = run.version.content, llm.Owner(user_id=run.who_id)
    request = _request(run, case, content, owner)
    result.request_id = request.id
    began = monotonic()
    reply = await llm.run(request)
    seconds = monotonic() - began
    result.output, result.cost = reply.text[:MAX_OUTPUT], reply.cost
    result.tokens = reply.usage.input_tokens + reply.usage.output_tokens
    result.latency_ms = round(seconds * 1000)
    for check in case.checks.all():
        if check.kind == CaseCheck.Kind.JUDGE and not wrong_check(check):
            said, cost = await _judged(check, reply.text, owner)
            result.cost = None if result.cost is None or cost is None else result.cost + cost
        else:
            said = verdict(check, reply, schema=content.output_schema, seconds=seconds)
        result.verdicts.append(_row(check, said))
    result.passed = all(row["passed"] for row in result.verdicts)


async def _judged(check: CaseCheck, answer: str, owner: llm.Owner) -> tuple[Verdict, Decimal | None]:
    try:
        return await judged(check, answer, owner)
    except llm.LLMError as error:
        return Verdict(passed=False, reason=error.sentence), error.partial.cost if error.partial else Decimal(
            0
        )


def _request(run: CaseRun, case: PromptCase, content: Content, owner: llm.Owner) -> llm.Request:
    if wrong := wrong_messages(case.messages):
        raise PromptError(wrong)
    said = rendering.render(content.messages, content.variables, case.variables)
    more = tuple(llm.Message(role=turn["role"], content=turn["content"]) for turn in case.messages)
    version = run.version
    schema = content.output_schema and llm.Schema(
        name=version.prompt.slug, json_schema=json.loads(content.output_schema)
    )
    limit: Any = content.parameters.get("max_tokens")
    return llm.Request(
        messages=said + more,
        chain=content.chain,
        model=next(iter(content.chain), None),
        temperature=content.parameters.get("temperature"),
        max_tokens=limit,
        schema=schema or None,
        feature="cases",
        owner=owner,
        prompt=llm.PromptRef(slug=version.prompt.slug, version=version.number),
        cache=CachePolicy(ttl=0),  # what is measured is the model
    )


def _row(check: CaseCheck, said: Verdict) -> dict[str, Any]:
    return {"kind": check.kind, "value": check.value[:500], "passed": said.passed, "reason": said.reason}

"""One case over one version: ask, check, and return the unsaved result. It fails alone."""

import logging
from decimal import Decimal
from time import monotonic
from typing import Any

import llm
from prompts.cases.checks import Verdict, verdict, wrong_check, wrong_messages
from prompts.cases.judge import judged
from prompts.content import Content
from prompts.errors import PromptError
from prompts.models import CaseCheck, CaseResult, CaseRun, PromptCase
from prompts.requests import Trial, request_of

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
    trial = Trial(
        slug=run.version.prompt.slug,
        version=run.version.number,
        content=content,
        variables=case.variables,
        turns=[llm.Message(role=turn["role"], content=turn["content"]) for turn in case.messages],
    )
    return request_of(trial, feature="cases", owner=owner)


def _row(check: CaseCheck, said: Verdict) -> dict[str, Any]:
    return {"kind": check.kind, "value": check.value[:500], "passed": said.passed, "reason": said.reason}

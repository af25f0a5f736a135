"""A test case from a call of the ledger: what was really asked, as the redacted log has it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from llm.models import Call, CallBody
from prompts import rendering
from prompts.errors import InvalidPrompt
from prompts.models import Prompt, PromptCase, PromptVersion
from prompts.unrendering import values_of

MAY = "prompts.change_prompt"
SHOWN = 80  # characters of what was asked, as the case's name


def offers(user: User, call: Call) -> list[dict[str, str]]:
    """Return what the page of a call offers to do with it: a label, and the address to post to."""
    if not (call.prompt and user.is_staff and user.has_perm(MAY)):
        return []
    if not Prompt.objects.filter(slug=call.prompt).exists():
        return []
    return [
        {
            "label": _("Make a test case"),
            "address": reverse("admin:prompts_promptcase_of_call", args=[call.pk]),
        }
    ]


def case_of(call: Call) -> tuple[PromptCase, bool]:
    """Return the case of a call, and whether all its variables were found; a second one is the first.

    Raises InvalidPrompt where the log does not hold the whole question.
    """
    version = _version(call)
    if made := PromptCase.objects.filter(prompt=version.prompt_id, source=call.request_id).first():
        return made, True
    content, sent = version.content, _sent(call)
    count = len(content.messages)
    found = values_of(content.messages, content.variables, [turn["content"] for turn in sent])
    after = [{"role": turn["role"], "content": turn["content"]} for turn in sent[count:]]
    variables = rendering.samples(content.variables) if found is None else found
    case = PromptCase.objects.create(
        prompt=version.prompt,
        name=_name(version.prompt, _asked(after, variables)),
        variables=variables,
        messages=[turn for turn in after if turn["role"] in ("user", "assistant")],
        source=call.request_id,
    )
    return case, found is not None


def _version(call: Call) -> PromptVersion:
    version = (
        PromptVersion.objects.select_related("prompt")
        .filter(prompt__slug=call.prompt, number=call.prompt_version or 0)
        .first()
    )
    if version is None:
        raise InvalidPrompt(_("The call was not made with a prompt that is here."))
    return version


def _sent(call: Call) -> list[dict[str, Any]]:
    """Return the messages of the log; a second system text was added for the model, not by the prompt."""
    body = CallBody.objects.filter(call=call).first()
    if body is None:
        raise InvalidPrompt(_("The texts of this call are not kept any more."))
    if body.cut or body.request.get("messages_left_out"):
        raise InvalidPrompt(_("The call was too long to keep the whole of it, so it makes no test case."))
    messages: Sequence[dict[str, Any]] = body.request["messages"]
    return [turn for at, turn in enumerate(messages) if not at or turn["role"] != "system"]


def _asked(after: Sequence[Mapping[str, str]], variables: Mapping[str, str]) -> str:
    said = [turn["content"] for turn in after if turn["role"] == "user"]
    return (said or list(variables.values()) or [""])[-1]


def _name(prompt: Prompt, asked: str) -> str:
    """Return a name that no case of the prompt has yet."""
    name = " ".join(asked.split())[:SHOWN] or _("From a call")
    taken = set(
        PromptCase.objects.filter(prompt=prompt, name__startswith=name).values_list("name", flat=True)
    )
    return next(
        each for each in (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3))) if each not in taken
    )

"""Where a person can look at the prompt that a call was made with."""

from django.contrib.auth.models import User
from django.urls import reverse

from llm.models import Call
from prompts.models import PromptVersion

MAY = ("prompts.view_prompt", "prompts.change_prompt")


def page(user: User, call: Call) -> str:
    """Return the address of the version, "" where there is none or its pages are not for this person."""
    if not (call.prompt and user.is_staff and any(map(user.has_perm, MAY))):
        return ""
    found = PromptVersion.objects.filter(prompt__slug=call.prompt, number=call.prompt_version or 0).first()
    return reverse("admin:prompts_prompt_version", args=[found.prompt_id, found.number]) if found else ""

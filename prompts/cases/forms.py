"""The form of a test case: a field for each variable, and one for what the person says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from prompts.models import Prompt, PromptCase
from prompts.rendering import Variable, samples

if TYPE_CHECKING:
    CaseModelForm = forms.ModelForm[PromptCase]
else:
    CaseModelForm = forms.ModelForm


class VariableInputs(forms.Textarea):
    """A field for each of `names`; JSON where a text belongs to none of them."""

    template_name = "prompts/_variable_inputs.html"

    class Media:
        css: ClassVar = {"all": ["prompts/case.css"]}

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = _object(value)
        context["rows"] = [(each, f"{name}.{each}", given.get(each, "")) for each in self.names]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str | None:
        given = {each: data[f"{name}.{each}"] for each in self.names if f"{name}.{each}" in data}
        return json.dumps({each: text.replace("\r\n", "\n") for each, text in given.items()})

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if self.names else ""


class Said(forms.Textarea):
    """What the person says, as text; kept as the one message that it is."""

    def format_value(self, value: Any) -> str:
        turns = json.loads(value) if isinstance(value, str) and value else value or []
        return str(turns[0]["content"]) if turns else ""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:
        text = data.get(name, "").replace("\r\n", "\n").strip()
        return json.dumps([{"role": "user", "content": text}] if text else [])


class CaseForm(CaseModelForm):
    """A case of a known prompt has fields; of one that is not chosen yet, and of a longer talk, JSON."""

    class Meta:
        model = PromptCase
        fields = ["prompt", "name", "variables", "messages", "enabled"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        prompt = self._prompt()
        if prompt and (variables := _variables(prompt)) is not None:
            self._field_for_each(variables)
        turns = self.instance.messages or []
        if len(turns) < 2 and all(turn.get("role") == "user" for turn in turns):
            self.fields["messages"].widget = Said(attrs={"rows": 3, "class": "vLargeTextField"})
            self.fields["messages"].label = _("What the person says")
            self.fields["messages"].help_text = _("After the prompt. Empty where the prompt asks by itself.")

    def _field_for_each(self, variables: Sequence[Variable]) -> None:
        names = [variable.name for variable in variables]
        names += [name for name in self.instance.variables if name not in names]
        if not self.instance.pk:
            self.initial.setdefault("variables", samples(variables))
        self.fields["variables"].widget = VariableInputs(names)
        self.fields["variables"].help_text = "" if names else _("The prompt takes none.")

    def _prompt(self) -> Prompt | None:
        if self.instance.prompt_id:
            return self.instance.prompt
        chosen = str(self.data.get("prompt") or self.initial.get("prompt") or "")
        return Prompt.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() else None


def _variables(prompt: Prompt) -> Sequence[Variable] | None:
    newest = prompt.versions.first()
    return newest.content.variables if newest else None


def _object(value: Any) -> dict[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

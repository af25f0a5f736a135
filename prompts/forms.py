"""The form that writes a version: a system text, more messages, variables, the model, and what changed.

Rows for messages and variables need no script: there is always an empty one, and an emptied one goes away.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import cached_property

from llm.types import Message
from prompts.content import DRAIN, FINISH, MAX_TOKENS, STOP, Content, read_json
from prompts.errors import Fault
from prompts.models import Prompt, PromptVersion
from prompts.rendering import Variable

if TYPE_CHECKING:
    PromptModelForm = forms.ModelForm[Prompt]
else:
    PromptModelForm = forms.ModelForm


def _text(label: str, rows: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "class": "prompt-text"})
    return forms.CharField(label=label, required=False, widget=widget)


class MessageForm(forms.Form):
    """A message after the system text; no text, no message."""

    role = forms.ChoiceField(choices=[("user", "User"), ("assistant", "Assistant")], initial="user")
    content = _text("Text", 2)


class VariableForm(forms.Form):
    """A variable; no name, no variable."""

    name = forms.CharField(required=False, max_length=64)
    required = forms.BooleanField(required=False, initial=True)
    default = forms.CharField(required=False)
    sample = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("name") and (cleaned.get("default") or cleaned.get("sample")):
            self.add_error("name", "Give the variable a name, or empty the whole row.")
        return cleaned


Messages = forms.formset_factory(MessageForm, extra=1)
Variables = forms.formset_factory(VariableForm, extra=1)


class PromptForm(PromptModelForm):
    """A prompt and the content of its next version. `content` is what was written, once it is valid."""

    system = _text("System", 6)
    model = forms.CharField(
        required=False,
        max_length=500,
        help_text="Leave it empty for the site's own. Several, with commas between, are tried in order.",
    )
    temperature = forms.FloatField(
        required=False, help_text="From 0 (the same answer each time) to 2 (surprising)."
    )
    max_tokens = forms.IntegerField(
        label="Longest answer", required=False, help_text=f"In tokens, up to {MAX_TOKENS:,}."
    )
    cache_ttl = forms.IntegerField(
        label="Keep answers for",
        required=False,
        help_text="In seconds. The same question within this time gets the kept answer, at no cost. "
        "Empty: the site's own time. 0: no answer is kept.",
    )
    on_disconnect = forms.ChoiceField(
        label="When nobody reads it",
        required=False,
        initial=FINISH,
        choices=[(FINISH, "Finish the answer"), (STOP, "Stop the answer")],
        help_text="After a closed tab or a lost network. A finished answer is there when the reader comes "
        "back; a stopped one ends where it was and costs less.",
    )
    on_stop = forms.ChoiceField(
        label="When a person stops it",
        required=False,
        initial=STOP,
        choices=[(STOP, "Stop the model"), (DRAIN, "Let it end unseen")],
        help_text="A stopped model costs less, but what it used is an estimate. One that ends unseen costs "
        "the whole answer, and what it used is exact.",
    )
    output_schema = forms.CharField(
        label="Schema",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"}),
        help_text="A JSON Schema. With one, every answer is JSON of this shape; empty, answers are text.",
    )
    note = forms.CharField(
        label="What changed",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"placeholder": "What changed and why"}),
    )
    based_on = forms.IntegerField(required=False, initial=0, widget=forms.HiddenInput)

    class Meta:
        model = Prompt
        fields = ["title", "slug", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        prompt: Prompt | None = options.get("instance")
        newest = prompt.versions.first() if prompt and prompt.pk else None
        start = _start(newest.content) if newest else {}
        where = {"based_on": newest.number if newest else 0}
        options["initial"] = {**start, **where, **(options.get("initial") or {})}
        super().__init__(data, files, **{**options, "label_suffix": ""})
        self.message_rows = Messages(data, prefix="messages", initial=start.get("messages"))
        self.variable_rows = Variables(data, prefix="variables", initial=start.get("variables"))

    @cached_property
    def base(self) -> PromptVersion | None:
        """The version that the writer started from."""
        number = self.cleaned_data.get("based_on") or 0
        return self.instance.versions.filter(number=number).first() if self.instance.pk else None

    @property
    def rewritten(self) -> bool:
        """True if the content is not that of the version it started from."""
        return self.base is None or self.content.tidied() != self.base.content.tidied()

    @property
    def answers_unusual(self) -> bool:
        """True if an answer is kept or stopped in another way than usual, or a field about it is wrong."""
        usual = {"cache_ttl": None, "on_disconnect": FINISH, "on_stop": STOP}
        return any(self[name].errors or self[name].value() not in (usual[name], "") for name in usual)

    def written(self) -> Content | None:
        """Return the content as it stands, however wrong; None if a field cannot be read at all."""
        self.is_valid()
        return getattr(self, "content", None)

    def faults_by_field(self) -> dict[str, list[str]]:
        """Return what is wrong with the content, by the names of the page's fields; call `written` first."""
        parts = [self, *self.message_rows, *self.variable_rows]
        about = self.Meta.fields
        return {
            field.html_name: [str(fault) for fault in field.errors]
            for part in parts
            for field in part
            if field.errors and field.name not in about
        }

    def clean(self) -> dict[str, Any]:
        """Check the content as a whole, and put each fault beside its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rows = (self.message_rows, self.variable_rows)
        if all(part.is_valid() for part in rows):
            self.content = self._content(cleaned)
            for fault in self.content.faults():
                self._place(fault)
        if not all(part.is_valid() for part in rows) and not self.errors:
            self.add_error(None, "Nothing is saved yet. Look at the fields that are marked below.")
        return cleaned

    def _content(self, cleaned: dict[str, Any]) -> Content:
        self._said = [row for row in self.message_rows if row.cleaned_data.get("content")]
        self._named = [row for row in self.variable_rows if row.cleaned_data.get("name")]
        system = [Message(role="system", content=text) for text in [cleaned.get("system")] if text]
        self._before = len(system)
        parameters = {name: cleaned.get(name) for name in ("temperature", "max_tokens")}
        return Content(
            messages=(*system, *(Message(**row.cleaned_data) for row in self._said)),
            variables=tuple(_variable(row.cleaned_data) for row in self._named),
            model=cleaned.get("model", ""),
            parameters={name: value for name, value in parameters.items() if value is not None},
            cache_ttl=cleaned.get("cache_ttl"),
            on_disconnect=cleaned.get("on_disconnect") or FINISH,
            on_stop=cleaned.get("on_stop") or STOP,
            output_schema=cleaned.get("output_schema", ""),
        )

    def _place(self, fault: Fault) -> None:
        """Show a fault at the field that its pointer names."""
        _, part, *rest = fault["pointer"].split("/")
        lists: dict[str, list[Any]] = {"messages": self._said, "variables": self._named}
        rows = lists.get(part, [])
        if not rows or not rest:
            shown = {"messages": "system"}  # it has many fields
            self.add_error(shown.get(part, rest[0] if rest else part), fault["message"])
            return
        at = int(rest[0]) - (self._before if part == "messages" else 0)
        if at < 0:
            self.add_error("system", fault["message"])
        else:
            rows[at].add_error(rest[1], fault["message"])


def _start(content: Content) -> dict[str, Any]:
    """Return the form's initial values for a content."""
    has_system = bool(content.messages) and content.messages[0].role == "system"
    return {
        "system": content.messages[0].content if has_system else "",
        "messages": [{"role": m.role, "content": m.content} for m in content.messages[has_system:]],
        "variables": [{**v.as_json(), "default": v.default or ""} for v in content.variables],
        "model": content.model,
        "cache_ttl": content.cache_ttl,
        "on_disconnect": content.on_disconnect,
        "on_stop": content.on_stop,
        "output_schema": _spread(content.output_schema),
        **content.parameters,
    }


def _spread(schema: str) -> str:
    return json.dumps(read_json(schema), ensure_ascii=False, indent=2) if schema else ""


def _variable(row: dict[str, Any]) -> Variable:
    default = row["default"] or (None if row["required"] else "")
    return Variable(name=row["name"], required=row["required"], default=default, sample=row["sample"])

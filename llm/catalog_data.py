"""The table of models: one card a family, with the names that share it.

Names and ends of service are those of the installed SDKs (`openai.types.shared.chat_model`,
`anthropic.types.model`); tests compare. Context sizes are those that `genai-prices` ships; the 6.2 models
are not in it and take their siblings'.
"""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model can do. The defaults are those of an unknown model.

    `ends` is the first day on which it is no longer served; `served` is False for a name that never was.
    `forced_tool_choice`: may a caller demand that a tool is used. `default_max_tokens` bounds an answer
    when the caller does not, where the provider demands a bound and where a budget reserves.
    """

    provider: str = ""
    known: bool = False
    context_tokens: int = 128_000
    default_max_tokens: int = 4096
    json_schema: bool = True
    tools: bool = True
    temperature: bool = True
    forced_tool_choice: bool = True
    ends: date | None = None
    served: bool = True

    def shut_down(self, today: date) -> bool:
        """True when requests to it fail."""
        return not self.served or (self.ends is not None and self.ends <= today)


def _family(card: Card, names: str, ends: date | None = None) -> dict[str, Card]:
    return dict.fromkeys(names.split(), replace(card, known=True, ends=ends))


_GPT = Card(provider="openai", default_max_tokens=16_384)
_THINKS = replace(_GPT, temperature=False, context_tokens=400_000)  # reasoning models refuse a temperature
_BIG = replace(_THINKS, context_tokens=1_050_000)
_O = replace(_THINKS, context_tokens=200_000)
_EARLY_O = replace(_O, context_tokens=128_000, json_schema=False, tools=False)
_GPT_4_1 = replace(_GPT, context_tokens=1_000_000)
_LOOSE = replace(_GPT, json_schema=False)  # from before structured output
_SEARCHES = replace(_GPT, tools=False, temperature=False)
_GPT_4 = replace(_LOOSE, context_tokens=8192, default_max_tokens=4096)
_GPT_3 = replace(_LOOSE, context_tokens=16_385, default_max_tokens=4096)

_CLAUDE = Card(provider="anthropic", context_tokens=1_000_000, default_max_tokens=16_384, temperature=False)
_FREE_CLAUDE = replace(_CLAUDE, forced_tool_choice=False)  # answers 400 when told to use a tool
_WARM_CLAUDE = replace(_CLAUDE, temperature=True)  # from before Opus 4.7, which refuses sampling options
_SMALL_CLAUDE = replace(_WARM_CLAUDE, context_tokens=200_000)
_OLD_CLAUDE = replace(_SMALL_CLAUDE, json_schema=False, default_max_tokens=4096)

CARDS: dict[str, Card] = {
    # OpenAI
    **_family(_BIG, "gpt-6.2-astra gpt-6.2-sol gpt-6.1-sol gpt-6.1-terra gpt-6-astra gpt-6-sol gpt-6-luna"),
    **_family(_BIG, "gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.4"),
    **_family(_THINKS, "gpt-5.4-mini gpt-5.2 gpt-5.2-pro"),
    **_family(_THINKS, "gpt-5.4-nano gpt-5.1", date(2027, 4, 1)),
    **_family(_THINKS, "gpt-5.3-chat-latest gpt-5.2-chat-latest", date(2026, 8, 10)),
    **_family(_THINKS, "gpt-5.1-codex gpt-5.1-chat-latest gpt-5-chat-latest", date(2026, 7, 23)),
    **_family(replace(_THINKS, served=False), "gpt-5.1-mini"),
    **_family(_THINKS, "gpt-5 gpt-5-mini gpt-5-nano", date(2026, 12, 11)),
    **_family(_O, "o3", date(2026, 12, 11)),
    **_family(_O, "o4-mini o3-mini o1", date(2026, 10, 23)),
    **_family(_O, "codex-mini-latest", date(2026, 2, 12)),
    **_family(_EARLY_O, "o1-preview", date(2025, 7, 28)),
    **_family(_EARLY_O, "o1-mini", date(2025, 10, 27)),
    **_family(_GPT_4_1, "gpt-4.1 gpt-4.1-mini", date(2027, 1, 14)),
    **_family(_GPT_4_1, "gpt-4.1-nano", date(2026, 10, 23)),
    **_family(_GPT, "gpt-4o gpt-4o-mini", date(2027, 1, 14)),
    **_family(_GPT, "chatgpt-4o-latest", date(2026, 2, 17)),
    **_family(_LOOSE, "gpt-4o-2024-05-13 gpt-4-turbo gpt-4-1106-preview", date(2026, 10, 23)),
    **_family(_LOOSE, "gpt-audio-mini", date(2027, 1, 20)),
    **_family(_LOOSE, "gpt-4o-audio-preview gpt-4o-mini-audio-preview", date(2026, 5, 7)),
    **_family(_LOOSE, "gpt-4o-audio-preview-2024-10-01", date(2025, 10, 10)),
    **_family(_SEARCHES, "gpt-4o-search-preview gpt-4o-mini-search-preview", date(2026, 7, 23)),
    **_family(_LOOSE, "gpt-4-0125-preview gpt-4-turbo-preview", date(2026, 3, 26)),
    **_family(replace(_LOOSE, tools=False), "gpt-4-vision-preview", date(2024, 12, 6)),
    **_family(_GPT_4, "gpt-4 gpt-4-0613", date(2026, 10, 23)),
    **_family(_GPT_4, "gpt-4-0314", date(2026, 3, 26)),
    **_family(
        replace(_GPT_4, context_tokens=32_000), "gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613", date(2025, 6, 6)
    ),
    **_family(_GPT_3, "gpt-3.5-turbo gpt-3.5-turbo-0125", date(2026, 10, 23)),
    **_family(_GPT_3, "gpt-3.5-turbo-1106", date(2026, 9, 28)),
    **_family(
        _GPT_3,
        "gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613",
        date(2024, 9, 13),
    ),
    # Anthropic
    **_family(
        _FREE_CLAUDE,
        "claude-fable-5-2 claude-mythos-5-2 claude-opus-5-5 claude-sonnet-5-5 claude-fable-5-1"
        " claude-mythos-5-1",
    ),
    **_family(_CLAUDE, "claude-haiku-5-5 claude-sonnet-5 claude-fable-5 claude-mythos-5 claude-opus-5"),
    **_family(_CLAUDE, "claude-opus-4-8 claude-opus-4-7"),
    **_family(_CLAUDE, "claude-mythos-preview", date(2026, 6, 30)),
    **_family(_WARM_CLAUDE, "claude-opus-4-6 claude-sonnet-4-6"),
    **_family(_SMALL_CLAUDE, "claude-haiku-4-5 claude-opus-4-5"),
    **_family(_SMALL_CLAUDE, "claude-sonnet-4-5", date(2026, 11, 30)),
    **_family(
        _OLD_CLAUDE, "claude-opus-4-0 claude-opus-4 claude-sonnet-4-0 claude-sonnet-4", date(2026, 6, 15)
    ),
    **_family(_OLD_CLAUDE, "claude-3-7-sonnet claude-3-5-haiku", date(2026, 2, 19)),
    **_family(_OLD_CLAUDE, "claude-3-5-sonnet", date(2025, 10, 28)),
    **_family(_OLD_CLAUDE, "claude-3-opus", date(2026, 1, 5)),
    **_family(_OLD_CLAUDE, "claude-3-sonnet claude-2.1 claude-2.0", date(2025, 7, 21)),
    **_family(
        _OLD_CLAUDE,
        "claude-1.3 claude-1.3-100k claude-instant-1.1 claude-instant-1.1-100k claude-instant-1.2",
        date(2024, 11, 6),
    ),
    # The model that Parley brings along: small, and without usable tool calls.
    **_family(Card(provider="local", context_tokens=8192, default_max_tokens=512, tools=False), "smollm2"),
}

"""What a provider's failure means to us: which error of ours it is, and what a person can do about it."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from llm.errors import LLMError, Misconfigured, Overloaded, RateLimited, Refused, Rejected, Unavailable
from llm.providers.endpoint import Endpoint

DETAIL = 500  # characters of a provider's own words that are kept

SPENT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
    }
)
SPENT_WORDS = ("credit balance is too low", "specified api usage limits")  # Anthropic's 400s without a code
TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
TOO_LONG_WORDS = ("prompt is too long", "maximum context length")
REFUSALS = frozenset({"content_filter", "content_policy_violation"})
NO_MODEL = frozenset({"model_not_found", "not_found_error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure as the provider told it: HTTP status, its own codes, its words, its headers."""

    status: int
    message: str = ""
    codes: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)


def translate(fault: Fault, endpoint: Endpoint, model: str) -> LLMError:
    """Return our error for a provider's."""
    kind, sentence = _by_code(fault, endpoint, model) or _by_status(fault, endpoint, model)
    words = fault.message.replace(endpoint.key, "(the key)") if endpoint.key else fault.message
    return kind(
        sentence,
        detail=f"{fault.status}: {' '.join(words.split())[:DETAIL]}",
        retry_after=retry_after(fault.headers) if kind.retryable else None,
    )


def unreachable(endpoint: Endpoint, cause: BaseException) -> Unavailable:
    """Return the error for an address where nothing answers."""
    sentence = endpoint.unreachable or f"{endpoint.title} could not be reached. Try again in a moment."
    return Unavailable(sentence, detail=type(cause).__name__)


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that the headers ask us to wait, in any of their three forms."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < math.inf else None
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - now())
    except (KeyError, ValueError, OverflowError):
        return None


type Meaning = tuple[type[LLMError], str]


def _by_code(fault: Fault, endpoint: Endpoint, model: str) -> Meaning | None:
    """Codes say more than a status: a 429 may be an empty account, a 400 a text that is too long."""
    words = fault.message.lower()
    if fault.status == 402 or fault.codes & SPENT or any(mark in words for mark in SPENT_WORDS):
        return Misconfigured, f"{endpoint.title} says that the account has no credit or reached its limit."
    if fault.codes & TOO_LONG or any(mark in words for mark in TOO_LONG_WORDS):
        return Rejected, "The text is too long for this model. Shorten it, or start anew."
    if fault.codes & REFUSALS:
        return Refused, ""
    if fault.status == 404 or fault.codes & NO_MODEL:
        return Misconfigured, _unknown_model(endpoint, model)
    return None


def _by_status(fault: Fault, endpoint: Endpoint, model: str) -> Meaning:
    match fault.status:
        case 401:
            return (
                Misconfigured,
                f"{endpoint.title} refuses {_the_key(endpoint)}. Check it, or make a new one.",
            )
        case 403:
            return Misconfigured, f"{endpoint.title} does not allow {_the_key(endpoint)} to use {model}."
        case 429:
            return RateLimited, f"{endpoint.title} is busy: too many requests."
        case 503 | 529:
            return Overloaded, f"{endpoint.title} is overloaded. Try again in a moment."
        case 408 | 409:
            return Unavailable, ""
        case status if 400 <= status < 500:
            return Rejected, ""
        case _:
            return Unavailable, f"{endpoint.title} has a fault. Try again in a moment."


def _the_key(endpoint: Endpoint) -> str:
    return f"the key in {endpoint.key_variable}" if endpoint.key_variable else "the key it was given"


def _unknown_model(endpoint: Endpoint, model: str) -> str:
    check = f"the name and {endpoint.url_variable}" if endpoint.url_variable else "the name"
    return f"{endpoint.title} does not know the model {model}. Check {check}."

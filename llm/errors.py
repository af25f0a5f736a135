"""What can go wrong with a call. Each error knows whether to try again, where, and what to tell a person.

`retryable`: the same model may answer if asked again. `elsewhere`: another model may help. `ill`: the
model is not well, and many of these in a row open its breaker.
"""

from typing import TYPE_CHECKING

from llm.types import Reply

if TYPE_CHECKING:
    from llm.extraction.trail import Trail


def _(text: str) -> str:
    """Mark a text that the page translates; Django's own marker would load Django into the local model."""
    return text


class LLMError(Exception):
    """A call that gave no whole answer.

    `sentence` is for people; `detail`, which `str()` adds, is for logs. `partial` holds what came before
    the failure, with its usage: nothing that was paid for is lost. `trail` is that of all attempts, where the
    call was one of an extraction's. `retry_after` is in seconds.
    """

    code = "unavailable"
    status = 503
    retryable = False
    elsewhere = False
    ill = False
    says = _("The model could not answer.")

    def __init__(
        self,
        sentence: str = "",
        *,
        detail: str = "",
        retry_after: float | None = None,
        partial: Reply | None = None,
    ) -> None:
        self.sentence = sentence or self.says
        self.detail = detail
        self.retry_after = retry_after
        self.partial = partial
        self.trail: Trail | None = None
        super().__init__(f"{self.sentence} ({detail})" if detail else self.sentence)


class RateLimited(LLMError):
    """The provider, or a limit of this site, asks us to slow down."""

    code, status, retryable, elsewhere = "rate_limited", 429, True, True
    says = _("The model is busy: too many requests.")


class QuotaExceeded(RateLimited):
    """The person or the key has used up what this site allows; no other model helps."""

    retryable, elsewhere = False, False
    says = _("You have sent too many requests.")


class Shed(RateLimited):
    """Our own queue for a provider is full, or too long for the call's deadline."""

    retryable = False


class Overloaded(LLMError):
    """The provider has no capacity now."""

    retryable, elsewhere, ill = True, True, True
    says = _("The provider is overloaded.")


class Unavailable(LLMError):
    """Nothing answered, or the answer broke off."""

    retryable, elsewhere, ill = True, True, True
    says = _("No model can answer right now. Try again in a moment.")


class BreakerOpen(Unavailable):
    """The model failed so often that it is left alone for a while."""

    retryable, ill = False, False


class TimedOut(LLMError):
    """The provider was silent for too long, or the deadline of the call passed."""

    code, status = "timed_out", 504
    retryable, elsewhere, ill = True, True, True
    says = _("The model did not answer in time.")


class DeadlinePassed(TimedOut):
    """The time for the whole call is over: nothing is tried any more."""

    retryable, elsewhere, ill = False, False, False


class Misconfigured(LLMError):
    """The provider cannot be used as it is set up: no key, a bad key, an unknown model, no credit."""

    elsewhere = True
    says = _("The provider is not set up. Ask whoever runs Parley to look at the page Providers.")


class NotSetUp(Misconfigured):
    """There is no key or address: nothing was sent anywhere, so nothing is booked."""


class Rejected(LLMError):
    """The request itself is wrong; no model would take it."""

    code, status = "invalid", 422
    says = _("The model does not accept this request.")


class Refused(LLMError):
    """The model declined to answer."""

    code, status = "refused", 422
    says = _("The model declined to answer this.")


class BadOutput(LLMError):
    """The model answered, but never in the shape that was asked for; `errors` are the last faults."""

    code, status = "bad_output", 422
    says = _("The model did not give an answer of the right shape.")

    def __init__(
        self, sentence: str = "", *, errors: tuple[dict[str, str], ...] = (), **rest: object
    ) -> None:
        super().__init__(sentence, **rest)  # type: ignore[arg-type]
        self.errors = errors


class BudgetExceeded(LLMError):
    """The money set aside for this is spent."""

    code, status = "over_budget", 402
    says = _("The budget for this is spent.")


class NoPrice(LLMError):
    """A budget in money applies, and what the model costs is unknown."""

    code, status = "no_price", 422
    says = _("The price of this model is unknown, so a budget cannot hold it.")

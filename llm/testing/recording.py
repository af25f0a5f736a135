"""Record what a provider was really sent and really answered, and replay it without a network.

vcrpy keeps the exchanges, under the SDKs' own clients: the bodies are byte for byte what went over the wire.
Of the headers only those in KEPT are stored, so that no key can be among them.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from llm import client, ledger, runloop
from llm.layers.fallback import Fallback
from llm.layers.record import Record
from llm.providers import Provider, build
from llm.types import Emit, Reply, Request

if TYPE_CHECKING:
    from config.environment import Environment

KEPT = frozenset({"anthropic-version", "content-type", "request-id", "retry-after", "x-request-id"})
SECRETS = ("openai_api_key", "anthropic_api_key", "secret_key")
PLACEHOLDER = "recorded"  # a provider without a key is not asked; a replay needs none


class RecordingMissing(AssertionError):
    """Nothing is recorded for this test."""


class RecordingDiffers(AssertionError):
    """The test asks for something else than was recorded."""


@dataclass(kw_only=True)
class Recording:
    """The exchanges of one test; `again` is the command that records them anew."""

    path: Path
    again: str
    faults: list[AssertionError] = field(default_factory=list)

    @contextmanager
    def made(self, site: "Environment") -> Iterator["Recording"]:
        """Ask the providers of `site` in earnest and keep what goes to and fro in the place of what was."""
        self.path.unlink(missing_ok=True)
        with self._played(site, "once"):
            yield self
        written = self.path.read_text() if self.path.exists() else ""
        if leaked := [name for name in SECRETS if (secret := _secret(site, name)) and secret in written]:
            self.path.unlink()
            raise AssertionError(f"The exchange itself holds {', '.join(leaked)}; it was not kept.")

    @contextmanager
    def replayed(self, site: "Environment") -> Iterator["Recording"]:
        """Answer from what was recorded; raises RecordingMissing or RecordingDiffers."""
        if not self.path.exists():
            raise RecordingMissing(f"There is no recording {self.path}. Make it with: {self.again}")
        with self._played(_with_keys(site), "none") as cassette:
            yield self
        if self.faults:
            raise self.faults[0]
        if left := len(cassette) - cassette.play_count:
            raise RecordingDiffers(
                f"{left} exchanges in {self.path} were not asked for. Record it again: {self.again}"
            )

    @contextmanager
    def _played(self, site: "Environment", mode: str) -> Iterator[Any]:
        import vcr

        recorder = vcr.VCR(
            record_mode=mode,
            match_on=("method", "uri", "body"),
            before_record_request=_plain_request,
            before_record_response=_plain_response,
            decode_compressed_response=True,
        )
        providers = {name: _Replay(provider, self) for name, provider in build(site, recorded=True).items()}
        stand_in = client.Client(providers, Fallback(site.model_chain), Record(ledger.tell))
        runloop.on_close(stand_in.close)
        with recorder.use_cassette(str(self.path)) as cassette, client.stand_in(stand_in):
            yield cassette

    def differs(self, refusal: Any) -> RecordingDiffers:
        """Return the error that shows how a request differs from what was recorded."""
        asked, recorded = refusal.failed_request, _closest(refusal)
        shown = "\n".join(
            difflib.unified_diff(_lines(recorded), _lines(asked), "recorded", "asked", lineterm="", n=1)
        )
        reason = shown or "It was recorded, but fewer times than it is asked for."
        fault = RecordingDiffers(
            f"{asked.method} {asked.uri} is not what was recorded in {self.path}:\n{reason}\n"
            f"If the change is meant, record it again: {self.again}"
        )
        self.faults.append(fault)
        return fault


class _Replay:
    """A provider whose errors tell apart what a model answered from what was not recorded."""

    def __init__(self, provider: Provider, recording: Recording) -> None:
        self.provider = provider
        self.recording = recording

    async def __call__(self, request: Request, emit: Emit) -> Reply:
        try:
            return await self.provider(request, emit)
        except Exception as error:
            if (refusal := _refusal(error)) is not None:
                raise self.recording.differs(refusal) from None
            raise

    async def close(self) -> None:
        """Close the provider's connections."""
        await self.provider.close()


def _refusal(error: BaseException | None) -> BaseException | None:
    """Return vcrpy's own error, from however far below."""
    from vcr.errors import CannotOverwriteExistingCassetteException

    while error is not None and not isinstance(error, CannotOverwriteExistingCassetteException):
        error = error.__cause__ or error.__context__
    return error


def _closest(refusal: Any) -> Any:
    similar = refusal.similar_requests
    return similar[0][0] if similar else None


def _lines(request: Any) -> list[str]:
    body = request.body if request is not None else b""
    with suppress(ValueError):
        return json.dumps(json.loads(body), indent=1, ensure_ascii=False, sort_keys=True).splitlines()
    return [repr(body)]


def _plain_request(request: Any) -> Any:
    """Keep what the provider sees; a port of this machine is another one tomorrow."""
    request.headers = _kept(request.headers)
    parts = urlsplit(request.uri)
    if parts.hostname == "127.0.0.1":
        request.uri = urlunsplit(parts._replace(netloc=parts.hostname))
    return request


def _plain_response(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "headers": _kept(response["headers"])}


def _kept(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in KEPT}


def _secret(site: "Environment", name: str) -> str:
    value: str = getattr(site, name).get_secret_value()
    return value


def _with_keys(site: "Environment") -> "Environment":
    from pydantic import SecretStr

    missing = [name for name in SECRETS if not _secret(site, name)]
    return site.model_copy(update=dict.fromkeys(missing, SecretStr(PLACEHOLDER)))

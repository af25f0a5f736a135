"""The environment, typed: every setting that a person can make, its default, and what a wrong one says."""

import os
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
PROVIDERS = ("openai", "anthropic", "local")
CALL_LOG = ("full", "redacted", "metadata", "off")
SHORTEST_TOKEN = 16
RATE = re.compile(r"^[1-9]\d{0,8}/(second|minute|hour|day)$")


class WrongSetting(ValueError):
    """A setting cannot be used; the text is one line that names it, its value and the fix."""


def _rate(value: str) -> str:
    if not RATE.match(value):
        raise ValueError("write it as COUNT/minute, for example 60/minute")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"write it as a regular expression ({error})") from None
    return value


def _token(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < SHORTEST_TOKEN:
        raise ValueError(
            f"give it at least {SHORTEST_TOKEN} characters, for example from `openssl rand -hex 32`"
        )
    return value


def _process(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", value):
        raise ValueError("write letters, digits, - and _, 32 at most, for example web-1")
    return value


@cache
def _modes(value: str) -> Mapping[str, str]:
    """Read `redacted,chat:off`: the mode of each feature, and "" for all others."""
    parts = [part.strip().rpartition(":") for part in value.split(",") if part.strip()]
    return {"": "redacted", **{feature: mode for feature, _, mode in parts}}


def _call_log(value: str) -> str:
    if not set(_modes(value).values()) <= set(CALL_LOG):
        raise ValueError(f"write one of {', '.join(CALL_LOG)}, or one for a feature: redacted,chat:metadata")
    return value


def _installed(value: str) -> str:
    if value and find_spec("opentelemetry.exporter") is None:
        raise ValueError("traces need OpenTelemetry's SDK; install it with `uv sync --extra otel`")
    return value


def _models(value: str) -> str:
    for entry in filter(None, (part.strip() for part in value.split(","))):
        provider, _, name = entry.partition(":")
        if provider not in PROVIDERS or not name:
            raise ValueError(f"write it as provider:model,... with a provider of {', '.join(PROVIDERS)}")
    return value


def _address(schemes: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError(f"start it with {' or '.join(f'{scheme}:' for scheme in schemes)}")
        return value

    return AfterValidator(check)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


type Rate = Annotated[str, AfterValidator(_rate)]
type WebAddress = Annotated[str, _address(("http", "https"))]


class Environment(BaseSettings):
    """One field a variable, in the order of the README's table; the name in capitals is the variable."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)
    _mask_wrapped: ClassVar[bool] = True  # `settings` asks for it each time; Pydantic's own no takes 5 µs

    database_url: Annotated[str, _address(("sqlite", "postgres", "postgresql"))] = (
        "sqlite:///var/parley.sqlite3"
    )
    redis_url: Annotated[str, _address(("redis", "rediss"))] = ""
    secret_key: SecretStr = SecretStr("")
    debug: bool = False
    allowed_hosts: Annotated[list[str], NoDecode, BeforeValidator(_split)] = [
        "127.0.0.1",
        "localhost",
        "[::1]",
    ]

    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: WebAddress = ""
    anthropic_api_key: SecretStr = SecretStr("")
    anthropic_base_url: WebAddress = ""

    parley_models: Annotated[str, AfterValidator(_models)] = ""
    parley_rate: Rate = "60/minute"
    parley_token_rate: Annotated[str, AfterValidator(lambda value: value and _rate(value))] = ""
    parley_quota: Rate = "600/minute"
    parley_cache_ttl: int = Field(default=86_400, ge=0)
    parley_silence_timeout: float = Field(default=30, gt=0)
    parley_deadline: float = Field(default=120, gt=0)
    parley_retention_days: int = Field(default=30, ge=1)
    parley_redact: Annotated[str, AfterValidator(_pattern)] = ""
    parley_publish_approval: bool = False
    parley_publish_needs_cases: bool = False
    parley_alert_webhook: WebAddress = ""
    email_url: Annotated[str, _address(("smtp", "smtps", "console"))] = ""
    parley_search: Literal["web", "documents", "off"] = "documents"
    parley_log: Literal["json", "console"] = "console"
    parley_call_log: Annotated[str, AfterValidator(_call_log)] = "redacted"
    parley_metrics_token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    parley_process: Annotated[str, AfterValidator(_process)] = ""
    otel_exporter_otlp_endpoint: Annotated[WebAddress, AfterValidator(_installed)] = ""
    otel_exporter_otlp_traces_endpoint: Annotated[WebAddress, AfterValidator(_installed)] = ""
    otel_exporter_otlp_headers: SecretStr = SecretStr("")
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = "http/protobuf"
    otel_service_name: str = "parley"
    otel_sdk_disabled: bool = False
    otel_instrumentation_genai_capture_message_content: bool = False
    parley_admin_password: SecretStr = SecretStr("")
    parley_local_url: WebAddress = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(_env_file=os.environ.get("PARLEY_ENV_FILE", BASE_DIR / ".env"), **values)

    @property
    def model_chain(self) -> tuple[str, ...]:
        """`provider:model` in the order of fallback; by default what the keys allow, else the local model."""
        if self.parley_models:
            return tuple(part.strip() for part in self.parley_models.split(",") if part.strip())
        keyed = []
        if self.anthropic_api_key.get_secret_value():
            keyed.append("anthropic:claude-haiku-5-5")
        if self.openai_api_key.get_secret_value():
            keyed.append("openai:gpt-5.6-luna")
        return tuple(keyed) or ("local:smollm2",)

    def call_log_mode(self, feature: str) -> str:
        """How calls of a feature are logged: `full`, `redacted`, `metadata` or `off`."""
        modes = _modes(self.parley_call_log)
        return modes.get(feature, modes[""])

    @property
    def traces_endpoint(self) -> str:
        """Where traces go, "" for nowhere."""
        if self.otel_sdk_disabled:
            return ""
        everything = self.otel_exporter_otlp_endpoint.rstrip("/")
        return self.otel_exporter_otlp_traces_endpoint or (everything and f"{everything}/v1/traces")

    @property
    def otel_contents(self) -> bool:
        """True where traces hold what was said."""
        return self.otel_instrumentation_genai_capture_message_content

    @property
    def wants_local_model(self) -> bool:
        """True where `start` runs the local model itself."""
        return not self.parley_local_url and any(m.startswith("local:") for m in self.model_chain)


def load() -> Environment:
    """Read the environment and `.env`; raises WrongSetting."""
    try:
        return Environment()
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0]).upper() if fault["loc"] else "The environment"
        shown = "(hidden)" if name.endswith(("KEY", "PASSWORD", "TOKEN", "HEADERS")) else repr(fault["input"])
        reason = fault["msg"].removeprefix("Value error, ")
        raise WrongSetting(f"{name} is {shown}: {reason}.") from None

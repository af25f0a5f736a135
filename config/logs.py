"""Logs: one event a line, as JSON for machines or as text for a terminal."""

import logging
from typing import Any

from llm import origin

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class ConsoleFormatter(logging.Formatter):
    """`12:04:05 INFO llm.retry model=local:smollm2 attempt=2`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
        self._second, self._shown = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 the same
        """Return what the standard library does, made once a second."""
        if (second := int(record.created)) != self._second:
            self._shown, self._second = super().formatTime(record, datefmt), second
        return self._shown

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the name is the standard library's
        extra = [f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD]
        return " ".join([super().formatMessage(record), *extra]).rstrip()


class Correlated(logging.Filter):
    """Adds to every line what it was about: the request's id, and its trace."""

    def filter(self, record: logging.LogRecord) -> bool:
        come_from = origin.current()
        if come_from.correlation_id and not hasattr(record, "request_id"):
            record.request_id = come_from.correlation_id
        if come_from.trace_id:
            record.trace_id = come_from.trace_id
        return True


def logging_config(style: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING for `json` or `console`."""
    formatter: dict[str, Any] = (
        {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "message": "event"},
        }
        if style == "json"
        else {"()": "config.logs.ConsoleFormatter"}
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "filters": {"correlated": {"()": "config.logs.Correlated"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["correlated"]}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            **{app: {"level": level} for app in ("config", "chat", "prompts", "llm")},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},  # a 404 is no event
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }

"""Django's settings. Values of a site come from the environment alone; see environment.py."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from django.utils.csp import CSP

from config.environment import BASE_DIR, WrongSetting, load
from config.logs import logging_config
from config.mail import mailers

try:
    PARLEY = load()
except WrongSetting as error:
    raise SystemExit(f"parley: {error}") from None

VAR_DIR = BASE_DIR / "var"
VERSION = "0.1.0"


def _kept_secret(path: Path) -> str:
    """Return the secret in `path`, making it once; sessions survive a restart."""
    path.parent.mkdir(exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = PARLEY.secret_key.get_secret_value() or _kept_secret(VAR_DIR / "secret_key")
DEBUG = PARLEY.debug
ALLOWED_HOSTS = PARLEY.allowed_hosts

INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),  # it loads Twisted, which nothing else needs
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "django_ox",
    "config",
    "llm",
    "prompts",
    "chat",
]

MIDDLEWARE = [
    "config.middleware.Security",
    "config.static_files.StaticFiles",
    "config.middleware.ContentSecurityPolicy",
    "config.middleware.Session",
    "config.middleware.Locale",
    "config.middleware.Common",
    "config.middleware.Csrf",
    "config.middleware.Authentication",
    "config.middleware.Messages",
    "config.middleware.FrameOptions",
]
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]  # they know Django's names alone

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],  # before the admin's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Data


def _database(url: str) -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(url))
    if config["ENGINE"].endswith("sqlite3"):
        config["CONN_MAX_AGE"] = None  # threads are kept (handler.py), so their connections can be
        config["NAME"] = str(BASE_DIR / config["NAME"])
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",  # a writer waits its turn instead of failing in mid-transaction
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        config.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 12, "timeout": 5}
    return config


DATABASES = {"default": _database(PARLEY.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [PARLEY.redis_url]}}
        if PARLEY.redis_url
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    ),
}
TASKS = {
    "default": {
        "BACKEND": "django_ox.backend.OxBackend",
        "OPTIONS": {
            "LOCK_TIMEOUT": 10,
            "SCHEDULES": {
                "roll_up_usage": {"task": "llm.chores.roll_up_usage", "cron": "1-59/5 * * * *"},
                "alert": {"task": "llm.chores.alert", "cron": "* * * * *"},
                "purge": {"task": "llm.chores.purge", "cron": "17 3 * * *"},
                "agents": {"task": "llm.agents.tasks.drive", "every": 60},  # a run that was left behind
            },
        },
    },
}

# People

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
MAILERS = mailers(PARLEY.email_url)

# Pages

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each has a catalog in every app's folder `locale`
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic step: the files are few and in the checkout

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],  # the admin's icons are data addresses
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING = logging_config(PARLEY.parley_log, "DEBUG" if DEBUG else "INFO")

# Seams: llm and prompts import no app above them, so they are told here what they need of those.
LLM_PROMPTS = "prompts.service.render"
LLM_CALL_OFFERS = "prompts.cases.logged.offers"  # what the page of a call offers beside its figures
LLM_CALL_PROMPT = "prompts.of_call.page"  # where it leads for the prompt of a call
PROMPTS_RATINGS = "chat.ratings.of_prompt"
PROMPTS_USES = {  # the prompts that code asks for, and the variables that it gives them; a check compares
    "assistant": (),
    "title": ("text",),
    "extract-sentiment": ("text",),
    "extract-contact": ("text",),
    "extract-invoice": ("text",),
    "extract-event": ("text",),
    "extract-entities": ("text",),
}
LLM_TOOLS = [  # what agents may use; add your own, made with llm.agents.tool
    "llm.agents.tools.calculate.calculate",
    *(() if PARLEY.parley_search == "off" else ("llm.agents.tools.search.search",)),
    "llm.agents.tools.fetch_url.fetch_url",
    "llm.agents.tools.complete.complete",
]
LLM_PURGES = ["chat.purge.old_events", "prompts.purge.old_runs"]

ALLOW_MODEL_CALLS = True  # False in tests: llm.testing.plugin sees to it, and a test opts in

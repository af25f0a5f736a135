"""The site's settings with a queue that hands on the task of a dead worker soon."""

from config.settings import *  # noqa: F403

TASKS = {"default": {"BACKEND": "django_ox.backend.OxBackend", "OPTIONS": {"LOCK_TIMEOUT": 3}}}

"""The settings of tests: they see no variable, key or file of the machine they run on."""

import os
import tempfile
from pathlib import Path

from config.environment import Environment

scratch = Path(tempfile.mkdtemp(prefix="parley-tests-"))
database = os.environ.pop("PARLEY_TEST_DATABASE_URL", f"sqlite:///{scratch}/parley.sqlite3")
redis = os.environ.pop("PARLEY_TEST_REDIS_URL", "")
process_redis = os.environ.pop("PARLEY_TEST_PROCESS_REDIS_URL", "redis://127.0.0.1:6379/9")

for name in Environment.model_fields:
    os.environ.pop(name.upper(), None)
os.environ.update(
    PARLEY_ENV_FILE="",
    DATABASE_URL=database,
    REDIS_URL=redis,
    SECRET_KEY="only-for-tests",
)

from config.settings import *  # noqa: E402, F403 the environment comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # people are made in every test

if database.startswith("postgres"):
    DATABASES["default"]["ENGINE"] = "tests.postgresql"  # noqa: F405 it comes with the star

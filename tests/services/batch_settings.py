"""The site's settings with a queue that hands on the task of a dead worker soon."""

from config.settings import *  # noqa: F403
from config.settings import TASKS

TASKS["default"]["OPTIONS"]["LOCK_TIMEOUT"] = 3

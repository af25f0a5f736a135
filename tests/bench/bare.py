"""A bare django-ninja view that reads one row: the floor for a hit of the cache."""

import sys
import tempfile
from typing import Any

import django
from django.conf import settings

FOLDER = tempfile.mkdtemp(prefix="parley-bare-")
settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/bare.sqlite3"}},
)
django.setup()

import uvicorn  # noqa: E402 the apps come first
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from ninja import NinjaAPI  # noqa: E402

api = NinjaAPI()


@api.post("/row")
async def row(request: HttpRequest) -> dict[str, Any]:
    """Read one row."""
    found = await ContentType.objects.aget(model="contenttype")
    return {"id": found.pk, "model": found.model}


urlpatterns = [path("", api.urls)]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    uvicorn.run(get_asgi_application(), port=int(sys.argv[1]), log_level="warning", access_log=False)

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings


@pytest.fixture
def needs_approval() -> Iterator[None]:
    """A site that wants a second person's approval."""
    site = settings.PARLEY.model_copy(update={"parley_publish_approval": True})
    with override_settings(PARLEY=site):
        yield

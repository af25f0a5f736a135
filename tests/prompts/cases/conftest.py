"""A scripted server in place of the local model."""

from typing import Any

import pytest

from tests.wire import WireServer, wire

__all__ = ["wire"]


@pytest.fixture
def model(wire: WireServer, settings: Any) -> WireServer:
    settings.PARLEY = settings.PARLEY.model_copy(
        update={"parley_local_url": wire.url, "parley_models": "local:smollm2"}
    )
    return wire

"""The web application: HTTP goes to Django, WebSockets to the chat."""

import os

from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config import handler
from config.correlation import Correlation

django_application = handler.application()  # sets Django up, which the imports below need

from chat import keeper, runner, titles  # noqa: E402
from chat.socket import websocket_application  # noqa: E402
from config.garbage import spare  # noqa: E402
from config.lifespan import Lifespan  # noqa: E402
from llm.client import warm  # noqa: E402
from llm.telemetry import publishing  # noqa: E402

application = Lifespan(
    Correlation(ProtocolTypeRouter({"http": django_application, "websocket": websocket_application})),
    on_startup=[keeper.startup, titles.startup, warm, publishing.startup, spare],
    on_drain=[runner.drain],
)

"""`manage.py start`: all of Parley in one process group, until it is told to stop."""

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from config import first_run, programs
from config.child import Child
from config.listening import LOOPBACK, CannotListen, address_of, claim, free_port
from config.supervisor import Supervisor
from llm import local_model


class Command(BaseCommand):
    help = "Run all of Parley: database, local model, task worker and web server. Ctrl-C stops it."
    requires_system_checks = ["parley"]  # the rest are for developers, and take a second

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default: 8000; 0 takes a free one")
        parser.add_argument("--host", default=LOOPBACK, help=f"address to listen on; default: {LOOPBACK}")
        parser.add_argument("--workers", type=int, default=1, help="server processes; default: 1")
        parser.add_argument("--server", choices=programs.SERVERS, default="uvicorn", help="default: uvicorn")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            listener = claim(options["host"], options["port"])
            code = self._run(listener, options["server"], max(1, options["workers"]))
        except (CannotListen, first_run.NoDatabase) as error:
            raise SystemExit(f"parley: {error}") from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        raise SystemExit(code)

    def _run(self, listener: socket.socket, server: str, workers: int) -> int:
        self._say("Parley", settings.VERSION)
        model, local_url = _local_model()
        for child in model:
            child.start()  # it loads while the database is prepared
        self._say("database", first_run.prepare_database())
        password = settings.PARLEY.parley_admin_password.get_secret_value()
        self._say("admin", first_run.ensure_admin(password))
        connections.close_all()
        if workers > 1 and not settings.PARLEY.redis_url:
            self._say("note", "without REDIS_URL each server process has limits and live updates of its own")
        address = address_of(listener)
        servers = [
            Child(programs.server(server, number, listener.fileno(), address, local_url))
            for number in range(1, workers + 1)
        ]

        def ready() -> None:
            self._say("model", _model_line(model))
            self._say("ready", f"{address}   (Ctrl-C stops)")

        supervisor = Supervisor(servers, [Child(programs.worker(local_url))], model, when_ready=ready)
        return supervisor.run(before_end=listener.close)

    def _say(self, label: str, text: str) -> None:
        self.stdout.write(f"{label:<10} {text}")
        self.stdout.flush()


def _local_model() -> tuple[list[Child], str]:
    """The local model's child and address, where one is wanted and can run."""
    if not settings.PARLEY.wants_local_model or local_model.hindrance():
        return [], ""
    port = free_port()
    return [Child(programs.local_model_server(port))], f"http://{LOOPBACK}:{port}/v1"


def _model_line(model: list[Child]) -> str:
    chain = ", ".join(settings.PARLEY.model_chain)
    if not settings.PARLEY.wants_local_model:
        return chain
    if not model:
        return local_model.hindrance()
    if model[0].up:
        return f"{chain}, a small demo model on this machine"
    return f"{chain}, {'which does not run; see above' if model[0].given_up else 'still loading'}"

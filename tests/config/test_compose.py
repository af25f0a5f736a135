"""The image and the compose file say nothing that is not there: commands, options, settings, ports, files."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from config import serve
from config.environment import Environment

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "config" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "parley"}
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}")


def test_each_command_and_each_of_its_options_is_there() -> None:
    assert set(OURS) == {"prepare", "web", "worker"}
    for service in OURS.values():
        python, *words = shlex.split(service["command"])
        assert python == "python"
        if words[:2] == ["-m", "config.serve"]:
            serve.parser().parse_args(words[2:])
            continue
        manage, name, *options = words
        assert manage == "manage.py"
        command = load_command_class(get_commands()[name], name)
        command.create_parser("manage.py", name).parse_args(options)


def test_the_settings_are_settings_and_their_defaults_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = COMPOSE["x-parley"]["environment"]
    assert {name.lower() for name in variables} <= set(Environment.model_fields)
    for name, value in variables.items():
        monkeypatch.setenv(name, VARIABLE.sub(lambda found: found[2] or "", value) or "")
    monkeypatch.setenv("SECRET_KEY", "a long random text")
    site = Environment()
    assert site.database_url == "postgres://parley:parley@database/parley"
    assert all(service["environment"] == variables for service in OURS.values())


def test_what_a_service_needs_is_there() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= set(SERVICES)
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists()
    for name, condition in {"database": "service_healthy"}.items():
        assert SERVICES["prepare"]["depends_on"][name]["condition"] == condition
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_the_ports_meet() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text()
    listens = SERVICES["web"]["command"].rpartition(":")[2]
    assert f"server 127.0.0.1:{listens};" in nginx
    assert f"s/127.0.0.1:{listens}/web:{listens}/" in SERVICES["proxy"]["command"]
    (port,) = SERVICES["proxy"]["ports"]
    assert f"listen {port.partition(':')[2]};" in nginx


def test_the_image_holds_no_secret_of_the_machine_that_built_it() -> None:
    ignored = set((ROOT / ".dockerignore").read_text().split("\n"))
    assert {".env", ".git", ".venv", "var"} <= ignored
    built = COMPOSE["x-parley"]["build"]
    assert (DEPLOY / built["context"]).resolve() == ROOT
    image = (ROOT / built["dockerfile"]).read_text()
    folder = re.findall(r"^WORKDIR (.+)$", image, re.MULTILINE)[0]
    assert f"PATH={folder}/.venv/bin:$PATH" in image
    assert image.index("USER parley") < image.index("COPY")

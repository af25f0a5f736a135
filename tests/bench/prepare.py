"""Make a database for a bench: a person with a key and many conversations. Prints JSON."""

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 the apps come first
from django.core.management import call_command  # noqa: E402

from chat.models import Conversation  # noqa: E402
from llm.models import ApiKey  # noqa: E402
from prompts.service import install_starters  # noqa: E402


def main(conversations: int) -> None:
    call_command("migrate", verbosity=0)
    install_starters()
    person = User.objects.create_user("bench")
    _, key = ApiKey.objects.issue(user=person, name="bench")
    made = Conversation.objects.bulk_create(
        (Conversation(owner=person, title="Bench") for _ in range(conversations)), batch_size=500
    )
    print(json.dumps({"key": key, "conversations": [str(one.pk) for one in made]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))

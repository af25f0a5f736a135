"""A person's data: handed over whole, and gone whole. The whole database is searched, column by column."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

import llm
from chat.models import Feedback, Generation, GenerationEvent
from config.personal.erasing import erase, preview
from llm import ledger, runloop
from llm.entry import Entry
from llm.models import (
    AgentRun,
    AgentStep,
    Alert,
    AlertDelivery,
    ApiKey,
    Budget,
    Call,
    CallDay,
    Document,
    KeptAnswer,
)
from llm.retention import all_old
from llm.types import Message, Owner, Reply, Request
from llm.usage.rolling import roll_up
from prompts.models import CaseResult, CaseRun, PromptCase
from tests.chat.threads import add_answer, make_conversation
from tests.llm.batches.conftest import make_batch
from tests.llm.factories import NOON, make_call
from tests.prompts.factories import make_prompt
from tests.wire import WireServer, text, wire

__all__ = ["wire"]
pytestmark = pytest.mark.django_db(transaction=True)

MARK = "zebrafink"  # in all that the person wrote, and in the account itself


def found(mark: str = MARK) -> dict[str, int]:
    """Return each `table.column` of the database in which a text stands, and in how many rows."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                name = connection.ops.quote_name(column.name)
                as_text = f"CAST({name} AS TEXT)"
                if connection.vendor == "postgresql" and column.type_code == 17:  # bytea
                    as_text = f"encode({name}, 'escape')"
                rows = f"{connection.ops.quote_name(table)} WHERE LOWER({as_text}) LIKE %s"
                cursor.execute(f"SELECT COUNT(*) FROM {rows}", [f"%{mark}%"])  # noqa: S608
                if count := cursor.fetchone()[0]:
                    counts[f"{table}.{column.name}"] = count
    return counts


@pytest.fixture
def site(settings: Any, wire: WireServer) -> WireServer:
    update = {"parley_local_url": wire.openai_url, "parley_models": "local:smollm2"}
    settings.PARLEY = settings.PARLEY.model_copy(update=update)
    return wire


@pytest.fixture
def person(site: WireServer, carol: User) -> User:
    """Somebody who has used everything, and left the mark everywhere."""
    user = User.objects.create_user(
        MARK, f"{MARK}@example.com", "pw", first_name=f"Ann {MARK}", is_staff=True
    )
    talk = make_conversation(user, f"About {MARK}", title=f"The {MARK}")
    answer = add_answer(talk, f"A {MARK} is a bird.")
    Feedback.objects.create(message=answer, value=-1, note=f"Wrong about the {MARK}")
    generation = Generation.objects.get(message=answer)
    GenerationEvent.objects.create(generation=generation, seq=1, text=f"A {MARK}")
    make_conversation(user, f"Gone {MARK}", deleted_at=timezone.now())
    asked(user, site)
    key, _ = ApiKey.objects.issue(user=user, name=f"{MARK} key")
    budget = Budget.objects.create(scope=Budget.Scope.USER, user=user, period="month", limit=5)
    Alert.objects.create(kind="budget", key=f"budget:{budget.pk}:2026:100", text=f"{MARK} has spent all.")
    other = Alert.objects.create(kind="down", key="rule:1", text="openai answers no call.")
    AlertDelivery.objects.create(alert=other, event="opened", channel="email", target=user.email)
    make_batch(user, f"Text of {MARK}", title=f"{MARK} batch")
    run = AgentRun.objects.create(user=user, goal=f"Find the {MARK}", tools=[])
    AgentStep.objects.create(run=run, seq=1, step=1, kind="model", status="done", data={"text": MARK})
    Document.objects.store(user, f"{MARK} paper", f"All about the {MARK}.")
    KeptAnswer.objects.create(user=user, caller="c", key="k", fingerprint="f", status=200, body=MARK.encode())
    made_into_a_case(Call.objects.filter(user=user).earliest("pk"))
    for thing in (user, key):
        kind = ContentType.objects.get_for_model(thing)
        LogEntry.objects.create(
            user=carol, content_type=kind, object_id=str(thing.pk), object_repr=str(thing), action_flag=1
        )
    Client().force_login(user)
    make_call(user, key=key, cost=Decimal("0.25"), error=f"about {MARK}", at=NOON)
    return user


def asked(user: User, wire: WireServer) -> None:
    """Ask through the whole pipeline: the call, its body and the kept reply are as in a site."""
    wire.script(text(f"The {MARK} sings."))
    request = Request(
        messages=(Message.user(f"Tell me of the {MARK}"),), feature="chat", owner=Owner(user_id=user.pk)
    )
    runloop.wait(llm.run(request))
    runloop.wait(runloop.close())  # the cache is written behind the answer


def made_into_a_case(call: Call) -> None:
    prompt = make_prompt("Be kind.", slug="of-site")
    case = PromptCase.objects.create(prompt=prompt, name=f"The {MARK}", source=call.request_id)
    run = CaseRun.objects.create(version=prompt.versions.get(), who=call.user)
    CaseResult.objects.create(run=run, case=case, name=case.name, passed=True, output=MARK)


EVERYWHERE = {
    "auth_user.username",
    "chat_conversation.title",
    "chat_message.content",
    "chat_generationevent.text",
    "chat_feedback.note",
    "django_admin_log.object_repr",
    "llm_agentrun.goal",
    "llm_agentstep.data",
    "llm_alert.text",
    "llm_alertdelivery.target",
    "llm_apikey.name",
    "llm_batch.title",
    "llm_batchitem.text",
    "llm_cachedreply.reply",
    "llm_call.error",
    "llm_callbody.request",
    "llm_document.title",
    "llm_keptanswer.body",
    "llm_passage.text",
    "prompts_promptcase.name",
    "prompts_caseresult.output",
}


def test_nothing_of_an_erased_person_is_left_in_any_column(person: User, bob: User) -> None:
    make_conversation(bob, "About a parrot")
    sessions = Session.objects.count()
    assert found().keys() >= EVERYWHERE
    said = io.StringIO()
    call_command("person", "erase", MARK, "--yes", stdout=said)
    assert said.getvalue().splitlines()[-1] == "erased"
    assert found() == {}
    assert not User.objects.filter(pk=person.pk).exists()
    assert (sessions, Session.objects.count()) == (1, 0)
    assert found("parrot").keys() >= {"chat_message.content"}
    assert Alert.objects.get().kind == "down"


def test_sqlite_s_file_does_not_keep_it_either(person: User) -> None:
    if connection.vendor != "sqlite":
        assert "vacuum" in Path("README.md").read_text().lower()
        return
    path = Path(connection.settings_dict["NAME"])
    files = [path, path.with_name(f"{path.name}-wal")]
    assert any(MARK.encode() in file.read_bytes() for file in files)
    erase(person)
    assert not [file for file in files if MARK.encode() in file.read_bytes().lower()]


def test_the_ledger_keeps_the_amounts_without_the_person(person: User) -> None:
    roll_up(NOON + timedelta(days=2))
    before = sorted(Call.objects.values_list("cost", "input_tokens", "feature", "outcome"))
    assert CallDay.objects.filter(user=person).exists()
    erase(person)
    assert sorted(Call.objects.values_list("cost", "input_tokens", "feature", "outcome")) == before
    kept = Call.objects.exclude(user=None, key=None, error="", correlation_id="", upstream_id="")
    assert not kept.exists()
    roll_up(NOON + timedelta(days=2))
    nobody = CallDay.objects.filter(everyone=False, user=None, key=None)
    assert sum(nobody.values_list("cost_nano", flat=True)) == 250_000_000


def test_a_call_that_was_under_way_is_booked_for_nobody(alice: User) -> None:
    request = Request(messages=(Message.user("Hi"),), feature="chat", owner=Owner(user_id=alice.pk))
    erase(alice)
    reply = Reply(text="Hi", model="local:smollm2", finish="stop", cost=Decimal("0.5"))
    entry = Entry(request=request, reply=reply, outcome="ok", error="")
    runloop.wait(ledger.write(entry))
    call = Call.objects.get()
    assert (call.user, call.cost) == (None, Decimal("0.5"))


def test_without_yes_it_only_says_what_would_go(person: User) -> None:
    said, before = io.StringIO(), found()
    with pytest.raises(CommandError, match="Say --yes"):
        call_command("person", "erase", MARK, stdout=said)
    assert found() == before
    lines = said.getvalue().splitlines()
    assert "2 conversations: deleted" in [line.strip() for line in lines]
    assert "2 calls: kept without the person" in [line.strip() for line in lines]


@pytest.mark.parametrize("action", ["export", "erase"])
def test_nobody_of_that_name_is_told(action: str, db: None) -> None:
    with pytest.raises(CommandError, match="There is no user named 'nobody'"):
        call_command("person", action, "nobody")


def test_what_broke_off_is_finished_by_doing_it_again(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = preview(person)
    with (
        connection.execute_wrapper(_breaks("DELETE FROM", "llm_document")),
        pytest.raises(OSError, match="gone"),
    ):
        erase(person)
    person.refresh_from_db()
    assert not person.is_active
    assert 0 < len(preview(person)) < len(counts)
    erase(person)
    assert found() == {}


def _breaks(*words: str) -> Callable[..., Any]:
    def execute(run: Any, sql: str, *rest: Any) -> Any:
        if all(word in sql for word in words):
            raise OSError("The database is gone.")
        return run(sql, *rest)

    return execute


def test_an_export_holds_everything_and_no_secret(person: User, tmp_path: Path, bob: User) -> None:
    make_conversation(bob, "About a parrot")
    path = tmp_path / "all.zip"
    call_command("person", "export", MARK, "--to", str(path), stdout=io.StringIO())
    assert path.stat().st_mode & 0o777 == 0o600
    with ZipFile(path) as archive:
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    about = files.pop("about.json")
    assert about["rows"] == {name: len(rows) for name, rows in files.items()}
    everything = json.dumps(files)
    for words in (
        f"A {MARK} is a bird.",
        f"Find the {MARK}",
        f"Text of {MARK}",
        f"All about the {MARK}",
        "0.25",
    ):
        assert words in everything
    assert "parrot" not in everything
    for secret in (person.password, ApiKey.objects.get(user=person).hash, Session.objects.get().pk):
        assert secret not in everything
    with pytest.raises(CommandError, match="exists already"):
        call_command("person", "export", MARK, "--to", str(path))


def press(client: Client, action: str, *people: User, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(person.pk) for person in people], **more}
    return client.post("/admin/auth/user/", chosen, follow=True)


def test_staff_with_the_permission_erase_and_export_in_the_admin(
    person: User, carol: User, client: Client
) -> None:
    client.force_login(carol)
    archive = press(client, "export_person", person)
    with ZipFile(io.BytesIO(b"".join(archive.streaming_content))) as file:
        assert "conversations.json" in file.namelist()
    page = press(client, "erase_people", person).content.decode()
    assert "2 conversations: deleted" in page
    assert User.objects.filter(pk=person.pk).exists()
    page = press(client, "erase_people", person, erase="1").content.decode()
    assert "The ledger keeps what was spent" in page
    assert found() == {}


def test_who_may_not_erase_is_not_let(alice: User, bob: User, carol: User, client: Client) -> None:
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(alice)
    press(client, "erase_people", bob, erase="1")
    alice.user_permissions.add(Permission.objects.get(codename="delete_user"))
    assert "Only an administrator" in press(client, "erase_people", carol, erase="1").content.decode()
    assert "You cannot erase yourself" in press(client, "erase_people", alice, erase="1").content.decode()
    assert User.objects.count() == 3
    assert client.post(f"/admin/auth/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 403


def test_purge_finds_nothing_of_a_person_that_is_gone(alice: User) -> None:
    erase(alice)
    assert [old.rows.count() for old in all_old(timezone.now())] == [0] * len(list(all_old(timezone.now())))

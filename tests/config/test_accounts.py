"""A person's own page and keys, invitations, lost passwords; and who may not."""

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.accounts import invitations
from config.accounts.people import people
from llm.models import ApiKey, Budget, BudgetPeriod
from tests.llm.factories import make_call

KEY = re.compile(r'value="(parley_[\w-]+)"')
LINK = re.compile(r"https?://[^\s\"]+")


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


type SignIn = Callable[[User], Client]


def html(answer: Any) -> str:
    return str(answer.content.decode())


class TestOwnPage:
    def test_details_are_kept(self, alice: User, signed_in: SignIn) -> None:
        answer = signed_in(alice).post(
            "/account/", {"first_name": "Ada", "last_name": "L", "email": "ada@example.org"}, follow=True
        )
        assert "Your details are saved." in html(answer)
        alice.refresh_from_db()
        assert (alice.get_full_name(), alice.email) == ("Ada L", "ada@example.org")

    def test_the_address_of_another_is_refused(self, alice: User, bob: User, signed_in: SignIn) -> None:
        User.objects.filter(pk=bob.pk).update(email="bob@example.org")
        answer = signed_in(alice).post("/account/", {"email": "BOB@example.org"})
        assert answer.status_code == 422
        assert "Another account has this address." in html(answer)
        alice.refresh_from_db()
        assert alice.email == ""

    def test_it_shows_own_usage_and_budgets_only(self, alice: User, carol: User, signed_in: SignIn) -> None:
        make_call(alice, at=timezone.now(), cost=Decimal("1.25"), model="openai:m")
        make_call(carol, at=timezone.now(), cost=Decimal("7.50"), model="openai:m")
        Budget.objects.create(scope="user", user=carol, period="day", limit=3)
        Budget.objects.create(scope="everything", period="day", limit=9)
        page = html(signed_in(carol).get("/account/"))
        assert "$7.50" in page
        assert "limit $3" in page
        assert "limit $9" not in page
        assert "$1.25" not in page

    def test_it_is_for_who_is_signed_in(self, client: Client) -> None:
        assert client.get("/account/").status_code == 302
        assert client.post("/account/keys/", {"name": "x", "lifetime": "30"}).status_code == 302


class TestKeys:
    @pytest.mark.django_db(transaction=True)  # keys are read beside the transaction of the test
    def test_a_key_is_shown_once_and_works(self, alice: User, signed_in: SignIn) -> None:
        client = signed_in(alice)
        made = client.post("/account/keys/", {"name": "import", "lifetime": "30", "limit": "2.50"})
        assert made["Cache-Control"] == "no-store"
        (key,) = KEY.findall(html(made))
        row = ApiKey.objects.get(user=alice)
        assert row.expires_at is not None
        assert 29 <= (row.expires_at - timezone.now()).days <= 30
        assert Budget.objects.get(key=row).limit == Decimal("2.50")
        assert key not in html(client.get("/account/"))
        assert Client(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/usage").status_code == 200

    def test_a_key_can_last_until_it_is_revoked(self, alice: User, signed_in: SignIn) -> None:
        signed_in(alice).post("/account/keys/", {"name": "k", "lifetime": "never"})
        row = ApiKey.objects.get(user=alice)
        assert row.expires_at is None
        answer = signed_in(alice).post(f"/account/keys/{row.pk}/revoke/", follow=True)
        assert "The key k is revoked." in html(answer)
        row.refresh_from_db()
        assert row.state == "revoked"

    def test_another_persons_key_cannot_be_revoked(
        self, alice: User, bob: User, carol: User, signed_in: SignIn
    ) -> None:
        row, _ = ApiKey.objects.issue(user=alice, name="k")
        for stranger in (bob, carol):
            assert signed_in(stranger).post(f"/account/keys/{row.pk}/revoke/").status_code == 404
        row.refresh_from_db()
        assert row.state == "usable"

    @pytest.mark.parametrize(
        "wrong",
        [{"name": "", "lifetime": "30"}, {"name": "k", "lifetime": "7"}, {"name": "k", "limit": "-1"}],
    )
    def test_what_is_wrong_makes_none(self, alice: User, signed_in: SignIn, wrong: dict[str, str]) -> None:
        assert signed_in(alice).post("/account/keys/", wrong).status_code == 422
        assert not ApiKey.objects.exists()

    def test_there_is_an_end_to_keys(self, alice: User, signed_in: SignIn) -> None:
        for number in range(50):
            ApiKey.objects.issue(user=alice, name=f"k{number}")
        answer = signed_in(alice).post("/account/keys/", {"name": "one more", "lifetime": "30"})
        assert "Revoke one first." in html(answer)
        assert ApiKey.objects.count() == 50


class TestInvitations:
    def invited(self, client: Client) -> str:
        answer = client.post("/people/", {"username": "dora", "email": "dora@example.org"})
        assert "dora is invited" in html(answer)
        (link,) = LINK.findall(str(mail.outbox[0].body))
        assert link in html(answer)
        return str(link)

    def test_an_invited_person_sets_a_password_and_is_in(self, carol: User, signed_in: SignIn) -> None:
        link = self.invited(signed_in(carol))
        assert [one.state for one in people(carol, timezone.now()).people] == ["active", "invited"]
        guest = Client()
        form = guest.get(link, follow=True)
        assert "You are invited as dora." in html(form)
        where = form.redirect_chain[-1][0]
        password = "a long enough one"
        answer = guest.post(where, {"new_password1": password, "new_password2": password}, follow=True)
        assert answer.wsgi_request.user.get_username() == "dora"
        assert [one.state for one in people(carol, timezone.now()).people] == ["active", "active"]
        assert "This link no longer works" in html(Client().get(link, follow=True))

    def test_a_new_link_can_be_sent(self, carol: User, signed_in: SignIn) -> None:
        client = signed_in(carol)
        self.invited(client)
        answer = client.post(f"/people/{User.objects.get(username='dora').pk}/invite/")
        assert "dora is invited" in html(answer)
        assert len(mail.outbox) == 2

    def test_who_is_in_gets_no_link(self, alice: User, carol: User, signed_in: SignIn) -> None:
        assert signed_in(carol).post(f"/people/{alice.pk}/invite/").status_code == 404

    def test_a_link_opens_no_other_account(self, alice: User, carol: User, signed_in: SignIn) -> None:
        link = self.invited(signed_in(carol))
        assert invitations.tokens.make_token(alice) != link.rstrip("/").rsplit("/", 1)[1]
        stolen = link.replace(link.rstrip("/").split("/")[-2], "MQ")
        assert "This link no longer works" in html(Client().get(stolen, follow=True))

    @pytest.mark.parametrize("taken", [{"username": "Dora"}, {"email": "DORA@example.org"}])
    def test_nobody_is_invited_twice(self, carol: User, signed_in: SignIn, taken: dict[str, str]) -> None:
        client = signed_in(carol)
        self.invited(client)
        again = {"username": "eve", "email": "eve@example.org", **taken}
        assert client.post("/people/", again).status_code == 422
        assert User.objects.count() == 2

    def test_it_takes_a_permission(self, alice: User, bob: User, signed_in: SignIn) -> None:
        client = signed_in(alice)
        assert client.get("/people/").status_code == 403
        assert client.post("/people/", {"username": "dora", "email": "d@example.org"}).status_code == 403
        assert client.post(f"/people/{bob.pk}/invite/").status_code == 403
        alice.user_permissions.add(Permission.objects.get(codename="add_user"))
        assert client.get("/people/").status_code == 200


class TestPeople:
    def test_who_is_near_a_limit_in_a_fixed_number_of_statements(
        self, carol: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(5):
            user = User.objects.create_user(f"person{number}")
            budget = Budget.objects.create(scope="user", user=user, period="day", limit=10)
            today = budget.starts_on(timezone.now())
            BudgetPeriod.objects.create(budget=budget, starts_on=today, spent_nano=(8 + number) * 10**9)
            make_call(user, at=timezone.now(), cost=Decimal(8 + number), model="openai:m")
        with django_assert_max_num_queries(7):
            found = people(carol, timezone.now()).people
        tones = [one.purse.tone for one in found if one.purse]
        assert tones == ["near", "near", "over", "over", "over"]
        assert [one.figures.known_cost for one in found] == [0, 8, 9, 10, 11, 12]

    def names(self, client: Client, query: str = "") -> list[str]:
        return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', html(client.get(f"/people/{query}")))

    def test_a_page_at_a_time(self, carol: User, signed_in: SignIn) -> None:
        User.objects.bulk_create(User(username=f"person{number:03}") for number in range(120))
        client = signed_in(carol)
        pages = [self.names(client, f"?page={number}") for number in (1, 2, 3)]
        assert [len(page) for page in pages] == [50, 50, 21]
        assert [*chain(*pages)] == ["carol", *(f"person{number:03}" for number in range(120))]
        second = html(client.get("/people/?page=2&q=person"))
        assert "51 to 100 of 120" in second
        assert re.findall(r'rel="(prev|next)" href="([^"]*)"', second) == [
            ("prev", "?page=1&amp;q=person"),
            ("next", "?page=3&amp;q=person"),
        ]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?q=LOVE", ["ada"]),
            ("?q=%20eve@ex", ["eve"]),
            ("?q=%00", ["ada", "carol", "dora", "eve"]),
            ("?only=closed", ["eve"]),
            ("?only=invited", ["dora"]),
            ("?only=near", ["ada"]),
            ("?only=near&q=dora", []),
            ("?only=x&page=x", ["ada", "carol", "dora", "eve"]),
        ],
    )
    def test_who_is_looked_for_is_found(
        self, carol: User, signed_in: SignIn, query: str, names: list[str]
    ) -> None:
        ada = User.objects.create_user("ada", last_name="Lovelace")
        User.objects.create_user("dora", email="dora@example.org", password=None)
        User.objects.create_user("eve", email="eve@example.org", is_active=False)
        budget = Budget.objects.create(scope="user", user=ada, period="day", limit=10)
        BudgetPeriod.objects.create(
            budget=budget, starts_on=budget.starts_on(timezone.now()), spent_nano=9_900_000_000
        )
        assert self.names(signed_in(carol), query) == names


class TestLostPasswords:
    def test_a_link_comes_by_mail(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(email="alice@example.org")
        client = Client()
        answer = client.post("/password/lost/", {"email": "alice@example.org"}, follow=True)
        assert "Look into your mail" in html(answer)
        (link,) = LINK.findall(str(mail.outbox[0].body))
        form = client.get(link, follow=True)
        password = "quite another one"
        done = client.post(
            form.redirect_chain[-1][0], {"new_password1": password, "new_password2": password}, follow=True
        )
        assert done.wsgi_request.user == alice
        assert Client().login(username="alice", password=password)

    @pytest.mark.django_db
    def test_who_has_no_account_learns_nothing(self) -> None:
        answer = Client().post("/password/lost/", {"email": "nobody@example.org"}, follow=True)
        assert "Look into your mail" in html(answer)
        assert mail.outbox == []

import re

import pytest
from pydantic import BaseModel, SecretStr

from llm.redaction import redact, redact_json
from llm.redaction.fields import holds_secret
from llm.redaction.known import passwords_of, secrets_of
from llm.redaction.redactor import Redactor


def test_the_mark_says_what_was_there() -> None:
    text = "Ana, ana@example.org, +49 30 1234567, pays with 4111 1111 1111 1111."
    assert redact(text) == "Ana, [email], [phone], pays with [card]."


def test_this_process_never_shows_its_own_secret_key() -> None:
    assert redact("it is only-for-tests, as you know") == "it is [secret], as you know"


def test_a_known_secret_is_found_in_its_forms_for_json_and_for_addresses() -> None:
    redactor = Redactor(['two words/"quoted" é'])
    for form in (
        'two words/"quoted" é',
        'two words/\\"quoted\\" \\u00e9',
        "two%20words%2F%22quoted%22%20%C3%A9",
    ):
        assert redactor.text(f"<{form}>") == "<[secret]>"


def test_of_two_known_secrets_the_longer_goes_first() -> None:
    assert Redactor(["abcdefgh", "abcdefgh-and-more"]).text("abcdefgh-and-more") == "[secret]"


def test_a_known_secret_of_a_few_letters_is_left_to_the_other_rules() -> None:
    assert Redactor(["admin"]).text("the admin page") == "the admin page"


class Site(BaseModel):
    key: SecretStr = SecretStr("a-secret-key")
    database_url: str = "postgres://parley:pass%2Fword@db/parley"
    plain_url: str = "https://example.org/v1"
    alert_webhook: str = "https://hooks.example.org/services/T0/B0/abc"
    rate: str = "60/minute"


def test_the_secrets_of_an_environment_are_its_secret_values_passwords_and_hooks() -> None:
    assert list(secrets_of(Site())) == [
        "a-secret-key",
        "pass%2Fword",
        "pass/word",
        "https://hooks.example.org/services/T0/B0/abc",
    ]


def test_the_passwords_of_databases_are_secrets() -> None:
    assert list(passwords_of({"default": {"PASSWORD": "db-password"}, "other": {"NAME": "x"}})) == [
        "db-password"
    ]


def test_a_site_hides_what_its_own_pattern_matches_and_no_mark() -> None:
    redactor = Redactor(patterns=[re.compile(r"[a-z]+-\d{4}|redacted|")])
    once = redactor.text("case emp-1234 and ana@example.org")
    assert once == "case [redacted] and [email]"
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "user_password",
        "USER-PASSWORD",
        "apiKey",
        "X-Api-Key",
        "api_key",
        "accessToken",
        "refresh-token",
        "clientSecret",
        "AWS_SECRET_ACCESS_KEY",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "set-cookie",
        "sessionId",
        "private_key",
        "credentials",
        "passwd",
        "pwd",
        "db_pwd",
        "csrfmiddlewaretoken",
        "cvv",
        "Passwort",
    ],
)
def test_a_field_of_a_secret_name_is_blanked_whatever_it_holds(name: str) -> None:
    for value in ("x", 7, 1.5, True, ["a", "b"], {"a": {"b": "c"}}):
        assert redact_json({name: value, "n": 1}) == {name: "[secret]", "n": 1}


def test_a_field_of_a_secret_name_that_holds_nothing_says_so() -> None:
    assert redact_json({"password": None}) == {"password": None}


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens",
        "input_tokens",
        "keyboard",
        "key",
        "secretary",
        "token_count",
        "author",
        "name",
        "passage",
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert not holds_secret(name)


def test_a_field_named_for_a_phone_hides_a_number_of_any_form() -> None:
    value = {"phone": "5551234567", "Mobile number": 41791234567, "fax": None, "telephone": "none"}
    assert redact_json(value) == {
        "phone": "[phone]",
        "Mobile number": "[phone]",
        "fax": None,
        "telephone": "none",
    }


def test_numbers_stay_numbers_unless_one_is_a_card() -> None:
    value = [1, 2.5, True, None, 1763848800000, 4111111111111111]
    assert redact_json(value) == [1, 2.5, True, None, 1763848800000, "[card]"]


def test_names_of_fields_may_be_secrets_too() -> None:
    value = {"ana@example.org": 1, "bob@example.org": 2, "n": 3}
    assert redact_json(value) == {"[email]": 1, "[email] 2": 2, "n": 3}


def test_json_in_a_text_in_json_is_searched() -> None:
    text = r'{"arguments": "{\"password\": \"a b c\", \"n\": 1}"}'
    assert redact(text) == r'{"arguments": "{\"password\": \"[secret]\", \"n\": 1}"}'


@pytest.mark.parametrize(
    "text", ["", " ", "[email]", "Nothing to hide here.", "[card] [phone], password=[secret]"]
)
def test_what_hides_nothing_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_a_private_key_that_was_cut_off_is_hidden_to_its_end() -> None:
    assert redact("key: -----BEGIN " + "EC PRIVATE KEY-----\nMHcCAQEE\nabc") == "key: [private key]"

import pytest

from config.environment import Environment, WrongSetting, load


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PARLEY_RATE", "abc", "PARLEY_RATE is 'abc': write it as COUNT/minute, for example 60/minute."),
        ("PARLEY_MODELS", "foo:bar", "a provider of openai, anthropic, local"),
        ("OPENAI_BASE_URL", "ftp://x", "start it with http: or https:"),
        ("PARLEY_DEADLINE", "-1", "PARLEY_DEADLINE is '-1'"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL"),
    ],
)
def test_a_wrong_value_names_the_variable_the_value_and_the_fix(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as error:
        load()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_the_chain_follows_the_keys() -> None:
    assert Environment().model_chain == ("local:smollm2",)
    assert Environment(openai_api_key="sk-1").model_chain == ("openai:gpt-5.6-luna",)
    assert Environment(parley_models="local:a, openai:b").model_chain == ("local:a", "openai:b")

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
        ("PARLEY_METRICS_TOKEN", "short", "PARLEY_METRICS_TOKEN is (hidden): give it at least 16 characters"),
        ("PARLEY_PROCESS", "a b", "PARLEY_PROCESS is 'a b': write letters, digits"),
        ("PARLEY_CALL_LOG", "some", "write one of full, redacted, metadata, off"),
        ("PARLEY_CALL_LOG", "full,chat:on", "PARLEY_CALL_LOG is 'full,chat:on'"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4318'"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"),
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

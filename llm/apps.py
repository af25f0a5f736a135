from django.apps import AppConfig


class LlmConfig(AppConfig):
    name = "llm"
    verbose_name = "Models and usage"

    def ready(self) -> None:
        from llm import checks  # noqa: F401  it registers itself
        from llm.agents import checks as agent_checks  # noqa: F401  so do these

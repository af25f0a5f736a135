"""What the page Providers says about each provider, and the lines that set it up."""

from dataclasses import dataclass

from llm.catalog import CURRENT


@dataclass(frozen=True, slots=True)
class Recipe:
    """Lines for `.env`, and what they are for."""

    words: str
    lines: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A provider's title, what it is, the variable of its key ("" for none), and its recipes."""

    title: str
    about: str
    key: str
    recipes: tuple[Recipe, ...]


_OPENAI, _ANTHROPIC, _LOCAL = (f"{name}:{CURRENT[name]}" for name in ("openai", "anthropic", "local"))

GUIDES = {
    "openai": Guide(
        "OpenAI",
        "OpenAI, or any server that speaks its protocol: Ollama, vLLM, llama.cpp, OpenRouter.",
        "OPENAI_API_KEY",
        (
            Recipe("OpenAI:", f"OPENAI_API_KEY=sk-...\nPARLEY_MODELS={_OPENAI}"),
            Recipe(
                "Ollama on this machine (a key is sent, so write any):",
                "OPENAI_BASE_URL=http://127.0.0.1:11434/v1\nOPENAI_API_KEY=ollama\n"
                "PARLEY_MODELS=openai:llama3.2",
            ),
            Recipe(
                "vLLM, or another server on your network:",
                "OPENAI_BASE_URL=http://gpu.example:8000/v1\nOPENAI_API_KEY=any\n"
                "PARLEY_MODELS=openai:Qwen/Qwen3-8B",
            ),
        ),
    ),
    "anthropic": Guide(
        "Anthropic",
        "The Claude models.",
        "ANTHROPIC_API_KEY",
        (
            Recipe("Anthropic alone:", f"ANTHROPIC_API_KEY=sk-ant-...\nPARLEY_MODELS={_ANTHROPIC}"),
            Recipe(
                "With OpenAI and the local model behind it, asked in this order:",
                "ANTHROPIC_API_KEY=sk-ant-...\nOPENAI_API_KEY=sk-...\n"
                f"PARLEY_MODELS={_ANTHROPIC},{_OPENAI},{_LOCAL}",
            ),
        ),
    ),
    "local": Guide(
        "Local model",
        "A small demo model (135 million parameters) that runs on this machine; good for trying Parley, "
        "not for real answers.",
        "",
        (Recipe("Ask it, and nothing else:", f"PARLEY_MODELS={_LOCAL}"),),
    ),
}

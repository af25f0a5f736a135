from llm.redaction.once import Once


class Hide:
    """Hides the word `secret`, and counts what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self, text: str) -> str:
        self.given.append(text)
        return text.replace("secret", "[secret]")


def test_what_holds_nothing_is_looked_through_once() -> None:
    hide = Hide()
    once = Once(hide)
    assert [once("A prompt, é"), once("A prompt, é"), once("Another")] == [
        "A prompt, é",
        "A prompt, é",
        "Another",
    ]
    assert hide.given == ["A prompt, é", "Another"]


def test_what_holds_a_secret_is_never_remembered() -> None:
    hide = Hide()
    once = Once(hide)
    assert [once("a secret"), once("a secret")] == ["a [secret]", "a [secret]"]
    assert (hide.given, len(once)) == (["a secret", "a secret"], 0)


def test_it_remembers_so_many_texts() -> None:
    hide = Hide()
    once = Once(hide, most=10)
    for number in range(1000):
        once(f"text {number}")
        assert len(once) <= 10
    once("text 0")
    assert hide.given[-1] == "text 0"

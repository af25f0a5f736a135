"""Secrets and personal data made up by Hypothesis, and texts to hide them in."""

import string

from hypothesis import strategies as st

from llm.redaction.marks import MARKS

WORD = string.ascii_letters + string.digits
URLSAFE = WORD + "-_"


def _of(alphabet: str, length: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=length, max_size=most or length)


def _key(start: str, rest: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return rest.map(lambda text: start + text)


keys = st.one_of(
    _key("sk-proj-", _of(URLSAFE, 40, 160)),
    _key("sk-ant-api03-", _of(URLSAFE, 90)),
    _key("sk-", _of(WORD, 48)),
    _key("parley_", _of(URLSAFE, 43)),
    _key("ghp_", _of(WORD, 36)),
    _key("github_pat_", _of(WORD + "_", 82)),
    _key("glpat-", _of(URLSAFE, 20)),
    _key("AKIA", _of(string.ascii_uppercase + string.digits, 16)),
    _key("xoxb-", _of(string.digits + string.ascii_letters + "-", 50)),
    _key("AIza", _of(URLSAFE, 35)),
    _key("hf_", _of(WORD, 34)),
    _key("npm_", _of(WORD, 36)),
    _key("sk_live_", _of(WORD, 24)),
    st.tuples(_of(URLSAFE, 20, 60), _of(URLSAFE, 20, 200), _of(URLSAFE, 43)).map(
        lambda parts: "eyJ" + ".".join(parts)
    ),
)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A card number with its check digit, plain or in groups of four."""
    prefix, length = draw(
        st.sampled_from(
            [("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16), ("4", 13), ("36", 14)]
        )
    )
    body = prefix + draw(_of(string.digits, length - len(prefix) - 1))
    number = body + next(d for d in string.digits if _luhn(body + d))
    gap = draw(st.sampled_from(["", " ", "-"]))
    return gap.join(number[at : at + 4] for at in range(0, length, 4))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@st.composite
def ibans(draw: st.DrawFn) -> str:
    """An IBAN with its check digits, plain or in groups of four."""
    country, length = draw(
        st.sampled_from([("DE", 22), ("GB", 22), ("FR", 27), ("NL", 18), ("NO", 15), ("MT", 31)])
    )
    account = draw(_of(string.ascii_uppercase + string.digits, length - 4))
    number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    iban = f"{country}{98 - number % 97:02}{account}"
    gap = draw(st.sampled_from(["", " "]))
    return gap.join(iban[at : at + 4] for at in range(0, length, 4))


emails = st.tuples(
    st.from_regex(r"[a-z0-9]([a-z0-9._+-]{0,30}[a-z0-9])?", fullmatch=True),
    st.from_regex(r"([a-z0-9]{1,20}\.){1,3}(com|org|de|co\.uk|museum)", fullmatch=True),
).map("@".join)

passwords = st.tuples(_of(WORD, 1), _of(WORD + "!#$%^*+-_.", 6, 40), _of(string.digits, 1)).map("".join)

# What stands beside a secret: anything but ASCII letters and digits, which would be a part of it.
_edges = st.sampled_from(
    [
        *" \n\t\"'`,;:()[]{}<>|!?*_",
        "é",
        "ключ",
        "漢字",
        "。",
        "\uff1a",
        "\u00a0",
        "\u200b",
        "🔑",
        "\\n",
        "=",
        "\x00",
    ]
)
_prose = st.one_of(
    st.text(max_size=40), st.sampled_from(["token", "Order 12", "the card is", "IBAN", "mail", ""])
)
_before = st.tuples(_prose, _edges).map("".join)
_after = st.tuples(_edges, _prose).map("".join)


def around(secret: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Yield a secret and a text that holds it."""
    return st.tuples(_before, secret, _after).map(lambda parts: (parts[1], "".join(parts)))


pieces = st.one_of(
    st.text(max_size=20),
    st.text(string.digits + " -.+()/", max_size=30),
    st.text("ADEGbd0123456789 .-", max_size=30),
    st.sampled_from(
        [
            *MARKS,
            "password",
            "token=",
            '"secret": "',
            "Bearer ",
            "://",
            "@",
            "a@b.co",
            "phone ",
            "+49 ",
            "0049",
        ]
    ),
    st.sampled_from(
        ["sk-", "sk-proj-", "eyJ", ".", "Cookie: a=", "Authorization: ", "-----BEGIN PRIVATE KEY-----"]
    ),
    *(keys, cards(), ibans(), emails),
)
messy = st.lists(pieces, max_size=8).map("".join)

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), messy),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["name", "text", "items", "max_tokens", "x", "id", "note"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)

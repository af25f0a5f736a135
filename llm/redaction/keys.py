"""Keys that their own shape gives away: of known vendors, JSON Web Tokens, private keys.

Repeats are possessive and bounded, and a pattern is tried only where its first letters stand, so that no
text makes it slow.
"""

import re
from collections.abc import Iterator, Sequence

from llm.redaction.marks import API_KEY, EDGE, PRIVATE_KEY, TOKEN, masked
from llm.redaction.needles import folded, places

_W = "[A-Za-z0-9_-]"
_A = "[A-Za-z0-9]"
_VENDORS = {  # how a key begins, and how it goes on
    "sk-": rf"(?:(?:ant|proj|or|svcacct|admin|lf|live|test)-{_W}{{8,512}}+"  # Anthropic, OpenAI, OpenRouter
    rf"|{_A}{{20,512}}+|(?!ssh-|ecdsa-)(?=[A-Za-z_-]{{0,64}}[0-9]){_W}{{16,512}}+)",  # not `sk-learn`
    "parley_": rf"{_W}{{32,512}}+",
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), rf"{_A}{{20,512}}+"),  # GitHub
    "github_pat_": r"[A-Za-z0-9_]{20,512}+",
    **dict.fromkeys(("glpat-", "glptt-", "gldt-", "glrt-"), r"[A-Za-z0-9_.-]{16,512}+"),  # GitLab
    **dict.fromkeys(("AKIA", "ASIA"), rf"[A-Z0-9]{{16}}(?!{_A})"),  # AWS
    **dict.fromkeys(
        ("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"), rf"{_W}{{10,512}}+"
    ),
    "https://hooks.slack.com/": r"[a-z]{1,32}/[A-Za-z0-9/_-]{8,256}+",
    "AIza": rf"{_W}{{30,64}}+",  # Google
    "ya29.": rf"{_W}{{20,2048}}+",
    "hf_": rf"{_A}{{20,512}}+",  # Hugging Face
    "gsk_": rf"{_A}{{20,512}}+",  # Groq
    **dict.fromkeys(("xai-", "pplx-", "r8_", "lin_api_"), rf"{_A}{{20,512}}+"),
    "tvly-": rf"{_W}{{20,512}}+",  # Tavily
    "dapi": rf"[a-f0-9]{{32}}(?!{_A})",  # Databricks
    "npm_": rf"{_A}{{30,512}}+",
    "pypi-": rf"{_W}{{40,2048}}+",
    **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_"), rf"{_A}{{10,512}}+"),  # Stripe
    "whsec_": r"[A-Za-z0-9+/=]{16,512}+",
    "SG.": rf"{_W}{{16,64}}+\.{_W}{{16,128}}+",  # SendGrid
    "SK": rf"[a-f0-9]{{32}}(?!{_A})",  # Twilio
    **dict.fromkeys(("shpat_", "shpca_", "shppa_", "shpss_"), r"[A-Fa-f0-9]{32}"),  # Shopify
    **dict.fromkeys(("dop_v1_", "doo_v1_", "dor_v1_"), r"[a-f0-9]{32,128}+"),  # DigitalOcean
    "ATATT3": r"[A-Za-z0-9_=-]{20,512}+",  # Atlassian
    "AGE-SECRET-KEY-1": r"[A-Z0-9]{40,80}+",
}
_PATTERNS = {start: re.compile(EDGE + re.escape(start) + rest) for start, rest in _VENDORS.items()}


def _sign(start: str) -> str:
    """Return the rarest character of how a key begins, or all of it."""
    return next((char for char in start if not char.isalnum() or char.isupper()), start)


_BY_SIGN = {  # a text without the sign need not be looked through for each of them
    sign: [start for start in _VENDORS if _sign(start) == sign]
    for sign in dict.fromkeys(map(_sign, _VENDORS))
}
_TELEGRAM = re.compile(rf"(?<![0-9])[0-9]{{8,10}}+:AA{_W}{{30,64}}+")
_JWT = re.compile(rf"{EDGE}eyJ{_W}{{8,8192}}+\.{_W}{{8,8192}}+\.{_W}{{0,4096}}+")
_BEARER = re.compile(
    r"(?i:bearer\s{1,4})(?=[A-Za-z_.~+/-]{0,64}[0-9]|[A-Za-z0-9_.~+/-]{24})"
    r"(?P<token>[A-Za-z0-9_.~+/-]{8,8192}+={0,3})"
)
_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----)[\s\S]){0,16384}+(?:-----END [A-Z0-9 ]{0,60}-----)?"
)


def hide_keys(text: str) -> str:
    """Take out private keys, tokens and vendors' keys; a private key that was cut off counts too."""
    if "-----BEGIN " in text:
        text = masked(text, _found(text, "-----BEGIN ", _BLOCK), PRIVATE_KEY)
    if "eyJ" in text:
        text = masked(text, _found(text, "eyJ", _JWT), TOKEN)
    text = masked(text, _bearers(text), TOKEN)
    if ":AA" in text:
        text = _TELEGRAM.sub(API_KEY, text)
    for sign, starts in _BY_SIGN.items():
        if sign in text:
            text = _without(text, starts)
    return text


def _without(text: str, starts: Sequence[str]) -> str:
    for start in starts:
        if start in text:  # hardly ever: what follows costs twenty times as much as the look
            text = masked(text, _found(text, start, _PATTERNS[start]), API_KEY)
    return text


def _found(text: str, start: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    return (match.span() for at in places(text, start) if (match := pattern.match(text, at)))


def _bearers(text: str) -> Iterator[tuple[int, int]]:
    for at in places(folded(text), "bearer"):
        if match := _BEARER.match(text, at):
            yield match.span("token")

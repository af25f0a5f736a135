"""Secrets that stand beside their name in a text: `password=...`, `"api_key": "..."`, `Cookie: ...`."""

import re
from collections.abc import Iterator

from llm.redaction.fields import holds_secret
from llm.redaction.marks import ANY_MARK, MARKS, SECRET, masked
from llm.redaction.needles import all_places, folded

_NEEDLES = {  # by what a text with one of them has in it
    "pass": ("passw", "passphrase", "passcode"),
    "cv": ("cvv", "cvc"),
    "key": ("api", "access", "private", "signing", "encryption", "account", "master"),
    **{word: (word,) for word in ("pwd", "kennwort", "contraseña", "senha", "пароль", "密码")},
    **{word: (word,) for word in ("secret", "credential", "token", "sess", "cookie", "auth")},
}
_NAME = (
    r"pass(?:word|wd|phrase|code|wort)|pwd|kennwort|contraseña|senha|пароль|密码|credentials?|cvv|cvc|token"
    r"|(?:api|access|secret|private|signing|encryption|account|auth|master)[ _-]?key(?:[_-]?id)?"
    r"|secret|sess(?:ion)?[_-]?id"
)
_Q = r"\\{0,3}[\"']"  # a quote, perhaps escaped because it stands in a string itself
_EQUALS = r"\s{0,4}(?:=>|:=|=(?!=))\s{0,4}"
_COLON = r"\s{0,4}[:\uff1a](?![:=])\s{0,4}"
_SIGN = rf"(?:{_EQUALS}|{_COLON})"

_HEAD = re.compile(
    rf"(?i:(?:{_NAME})(?:{_Q})?"
    rf"(?:(?P<equals>{_EQUALS})|(?P<colon>{_COLON})|\s{{1,4}}(?P<told>(?:is|ist|lautet|es|est)\s{{1,4}}|)))"
)
_FLAG = re.compile(r"(?<![\w-])--?(?:[A-Za-z0-9]{1,20}-){0,3}$")
_QUOTED = re.compile(
    r"[bru]?(?:(?P<quote>\\{1,3}[\"'])(?P<escaped>(?:(?!(?P=quote))[^\n]){1,4096}+)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n]){1,4096}+)|'(?P<single>(?:\\.|[^'\\\n]){1,4096}+))"
)
_SET = re.compile(rf"(?:{ANY_MARK}|[^\s\"'`,;&<>(){{}}|\\]){{1,2048}}+")  # & ends it in an address, ) in code
_TOLD = re.compile(rf"`?(?P<value>(?:{ANY_MARK}|[^\s\"'`\\]){{1,2048}}+)")
_HEADER = re.compile(
    rf"(?i:authorization(?:{_Q})?{_SIGN}(?:{_Q})?)(?P<authorization>"
    r"(?i:basic|bearer|token|digest|apikey|negotiate|aws4-hmac-sha256)\s{1,4}[^\"'\\\r\n]{1,8192}+"
    rf"|(?:{ANY_MARK}|[^\s\"'\\]){{16,8192}}+)"
    rf"|(?i:cookie(?:{_Q})?{_SIGN}(?:{_Q})?)"
    r"(?P<cookie>[\w.%!#$&*+^`|~-]{1,128}+=[^\"'\\\r\n]{1,8192}+)"
)

_WORDS = frozenset(  # what stands there in code and in prose
    (
        *("none", "null", "nil", "undefined", "true", "false", "unset", "empty", "missing", "invalid"),
        *("str", "string", "int", "integer", "bool", "boolean", "bytes", "number", "float", "any", "object"),
        *("array", "list", "dict", "optional", "required", "secretstr", "text", "new", "await", "$"),
    )
)
_REFERENCE = re.compile(
    r"(?:os|process|self|this|settings|config|conf|cfg|env|args|options|request|secrets)\.[\w.\[\]]{1,128}$"
    r"|\$[A-Z_]{2,64}$|[\w.]{1,128}\[$"
)
_NAMES = re.compile(r"[A-Za-z_.]{1,128}")
_TELLING = re.compile(r"[0-9@#$%^&+=]|!(?=\S)")
_AFTER = ".,:;?)}]>"  # what a sentence or a bracket puts behind a value

type Span = tuple[int, int]


def hide_assignments(text: str) -> str:
    """Take out values of named secrets; what reads as code or as a sentence about them stays."""
    return masked(text, _spans(text), SECRET)


def _spans(text: str) -> Iterator[Span]:
    done = 0
    small = folded(text)
    needles = (needle for part, needles in _NEEDLES.items() if part in small for needle in needles)
    for at in all_places(small, needles):
        span = _header(text, at) or _assigned(text, at) if at >= done else None
        if span:
            done = span[1]
            if text[span[0] : done] not in MARKS:
                yield span


def _header(text: str, at: int) -> Span | None:
    match = _HEADER.match(text, at)
    return match.span(str(match.lastgroup)) if match else None


def _assigned(text: str, at: int) -> Span | None:
    head = _HEAD.match(text, at)
    if head is None:
        return None
    if head["equals"] or (head["told"] == "" and _FLAG.search(text, max(0, at - 80), at)):
        return _quoted(text, head.end()) or _set(text, head.end())
    if head["colon"]:
        return _quoted(text, head.end()) or _told(text, head.end(), alone=True)
    return _told(text, head.end(), alone=False) if head["told"] else None


def _quoted(text: str, at: int) -> Span | None:
    match = _QUOTED.match(text, at)
    if match is None:
        return None
    value = match[str(match.lastgroup)]
    is_word = value.lower() in _WORDS or (len(value) < 4 and not any(map(str.isalnum, value)))
    return None if is_word else match.span(str(match.lastgroup))


def _set(text: str, at: int) -> Span | None:
    match = _SET.match(text, at)
    if match is None or _is_code(match[0]):
        return None
    return None if text[match.end() : match.end() + 1] == "(" else match.span()


def _told(text: str, at: int, *, alone: bool) -> Span | None:
    """In prose a value must look like one, or, where `alone` will do, fill the rest of the line."""
    match = _TOLD.match(text, at)
    if match is None:
        return None
    value, (start, end) = match["value"], match.span("value")
    if value not in MARKS:
        end -= len(value) - len(value.rstrip(_AFTER))
    core = text[start:end]
    fills = alone and core == value and len(core) >= 6 and text[end : end + 1] in {"", "\n", "\r"}
    telling = len(core) >= 4 and _TELLING.search(core)
    return (start, end) if (fills or telling) and not _is_code(core) else None


def _is_code(value: str) -> bool:
    named = _NAMES.fullmatch(value) and holds_secret(value)  # token = self.access_token
    return not value or value.lower() in _WORDS or bool(named or _REFERENCE.match(value))

"""A regular expression of Python's or ECMA's as Rust's engine writes it, which takes linear time.

The meaning kept is that of Python's `re`: `\\d`, `\\w` and `\\s` are Unicode's, and `$` stands before a last
line break too, because the plain Python check of a schema says so.
"""

import re

DIGIT, WORD, SPACE = r"\p{Nd}", r"\p{L}\p{N}_", r"\s\x{1c}-\x{1f}"
KINDS = {"d": DIGIT, "w": WORD, "s": SPACE}
COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
UNICODE = re.compile(r"u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]{1,6})\})")
CONTROL = re.compile(r"c([A-Za-z])")
OPENING = re.compile(r"\((?:\?(?::|i\)|i:|P?<[A-Za-z_]\w*>))?")
KEPT = frozenset("AbBnrtfvax") | frozenset("pP")
SPECIAL = frozenset(r"\.+*?()|[]{}^$#&-~")


class Foreign(ValueError):
    """Something that Rust's engine has not, or means otherwise."""


class Size:
    """How large the written-out expression is, about: its length times its counted repetitions."""

    def __init__(self, source: str) -> None:
        self.value = max(len(source), 1)

    def times(self, most: int) -> None:
        self.value *= max(most, 1)


def to_rust(source: str) -> tuple[str, int]:
    """Return the expression and its size; raises Foreign."""
    parts: list[str] = []
    size = Size(source)
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            written, at = _escape(source, at + 1, in_class=False)
        elif char == "[":
            written, at = _class(source, at + 1)
        elif char == "(":
            written, at = _opening(source, at)
        elif char in "*+?{":
            written, at = _repeat(source, at, size)
        else:
            written, at = {"$": r"(?:\n?\z)", "}": r"\}", "]": r"\]"}.get(char, char), at + 1
        parts.append(written)
    return "".join(parts), size.value


def with_kinds(source: str) -> str:
    """Return the expression with those kinds spelt out, for an engine that means others by their letters."""
    parts: list[str] = []
    at, in_class = 0, False
    while at < len(source):
        char = source[at]
        if char == "\\":
            kind = source[at + 1 : at + 2]
            is_spelt = kind.lower() in KINDS and bool(kind) and not (in_class and kind.isupper())
            parts.append(_plain_kind(kind, in_class) if is_spelt else source[at : at + 2])
            at += 2
            continue
        in_class = char == "[" if not in_class else char != "]"
        parts.append(char)
        at += 1
    return "".join(parts)


def _plain_kind(kind: str, in_class: bool) -> str:
    return _kind(kind, in_class=in_class).replace("{1c}", "1c").replace("{1f}", "1f")


def _opening(source: str, at: int) -> tuple[str, int]:
    found = OPENING.match(source, at)
    if found is None or (found.group() == "(" and source.startswith("(?", at)):
        raise Foreign("a look-around, a flag or another group of Python's own")
    return found.group(), found.end()


def _repeat(source: str, at: int, size: Size) -> tuple[str, int]:
    if source[at] != "{":
        written, at = source[at], at + 1
    else:
        found = COUNT.match(source, at)
        if found is None or found.group() in ("{}", "{,}"):
            return r"\{", at + 1
        least, comma, most = found.groups()
        size.times(int(most or least))
        written, at = f"{{{least or 0}{comma}{most}}}", found.end()
    if source.startswith("+", at):
        raise Foreign("a possessive repetition")
    return written, at


def _escape(source: str, at: int, *, in_class: bool) -> tuple[str, int]:
    char = source[at : at + 1]
    if char.lower() in KINDS and char:
        return _kind(char, in_class=in_class), at + 1
    if found := UNICODE.match(source, at):
        return f"\\x{{{found.group(1) or found.group(2)}}}", found.end()
    if found := CONTROL.match(source, at):
        return f"\\x{{{ord(found.group(1)) % 32:x}}}", found.end()
    if char == "0" and not source[at + 1 : at + 2].isdigit():
        return r"\x{0}", at + 1
    if char == "b" and in_class:
        return r"\x{8}", at + 1
    if char in KEPT:
        return f"\\{char}", at + 1
    if char == "Z":
        return r"\z", at + 1
    if not char or char.isalnum():
        raise Foreign("a back-reference or an unknown escape")
    return (f"\\{char}" if char in SPECIAL else char), at + 1


def _kind(char: str, *, in_class: bool) -> str:
    inner = KINDS[char.lower()]
    if char.isupper():
        return f"[^{inner}]"
    return inner if in_class else f"[{inner}]"


def _class(source: str, at: int) -> tuple[str, int]:
    """Write a bracketed class; a hyphen that joins no two characters is one itself."""
    parts = ["["]
    if source.startswith("^", at):
        parts, at = ["[^"], at + 1
    first, single = at, False  # `single`: a character stands before, with which a range may begin
    while at < len(source) and (source[at] != "]" or at == first):
        if source[at] == "-" and single and _range_ends(source, at + 1):
            end, at = _member(source, at + 1)
            parts.append(f"-{end}")
            single = False
            continue
        single = source[at] != "-" and _range_ends(source, at)
        written, at = _member(source, at)
        parts.append(written)
    if at >= len(source):
        raise Foreign("a class without its end")
    return "".join([*parts, "]"]), at + 1


def _range_ends(source: str, at: int) -> bool:
    """True where one character stands, with which a range may end."""
    following = source[at : at + 2]
    if not following or following[0] == "]":
        return False
    return following[0] != "\\" or following[1:].lower() not in {*KINDS, "p"}


def _member(source: str, at: int) -> tuple[str, int]:
    if source[at] == "\\":
        return _escape(source, at + 1, in_class=True)
    return (f"\\{source[at]}" if source[at] in SPECIAL else source[at]), at + 1

"""Phone numbers: international ones, the common national forms, and any that stand beside the word."""

import re
from collections.abc import Iterator

from llm.redaction.marks import EDGE, PHONE, masked
from llm.redaction.needles import count_digits

FEWEST = 7  # digits of a number

_SPACE = " \u00a0\u2009\u202f"
_DASH = "/\u2010\u2011\u2013-"
_GAP = rf"(?:[{_SPACE}]?[{_DASH}][{_SPACE}]?|[{_SPACE}]?\(|\)[{_SPACE}{_DASH}]?|[{_SPACE}.])"
_RUN = re.compile(rf"[0-9+(][0-9()+.{_SPACE}{_DASH}]{{6,4096}}+")
_GROUP = re.compile("[0-9]{1,64}")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9](?![0-9])"
    r"|[0-3]?[0-9]([-/.])[0-3]?[0-9]\1(?:[0-9]{2}|(?:19|20)[0-9]{2})(?![-/.]?[0-9])"
    r"|[01][0-9]/(?:19|20)[0-9]{2}(?![0-9])"
)

_WORLD = re.compile(
    rf"(?:(?<![0-9+])(?<![0-9][eE])\+{_SPACE[0]}?(?:\([1-9][0-9]{{0,3}}\)[{_SPACE}]?)?|{EDGE}(?<![-.,])00(?=[1-9]))"
    rf"[0-9]{{1,15}}+(?:{_GAP}[0-9]{{1,12}}+){{0,8}}+(?![0-9])"
)
_NATIONAL = re.compile(
    rf"""{EDGE}(?<![-.,+/(])(?:
      (?:1[ .-]?)?\([0-9]{{3}}\)[{_SPACE}-]?[0-9]{{3}}[ .-][0-9]{{4}}       # (212) 555-0142
    | (?:1[.-])?[0-9]{{3}}(?P<a>[-.])[0-9]{{3}}(?P=a)[0-9]{{4}}              # 212-555-0142
    | (?:1[ ])?[2-9][0-9]{{2}}[ ][2-9][0-9]{{2}}[ -][0-9]{{4}}              # 212 555 0142
    | \(0?[1-9][0-9]\)[ ]?[0-9]{{4,5}}[ -]?[0-9]{{4}}                       # (11) 91234-5678
    | (?:8[ ]?)?\([0-9]{{3}}\)[ ]?[0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}          # 8 (912) 345-67-89
    | 1[3-9][0-9](?P<b>[ -])[0-9]{{4}}(?P=b)[0-9]{{4}}                       # 138 0013 8000
    | 0[1-9](?P<c>[ .-])[0-9]{{2}}(?:(?P=c)[0-9]{{2}}){{3}}                  # 01 23 45 67 89
    )(?![0-9]|[-.,][0-9])""",
    re.VERBOSE,
)
_TRUNK = re.compile(  # 030 1234567, 0171/123 45 67, 020 7946 0958, (0221) 47 11 00
    rf"{EDGE}(?<![-.,+/])(?:\(0[1-9][0-9]{{0,4}}\)|0[1-9][0-9]{{0,4}})(?:[{_SPACE}]?[{_DASH}][{_SPACE}]?|[{_SPACE}])?"
    rf"(?<![0-9])[0-9]{{2,8}}(?:[{_SPACE}-][0-9]{{2,8}}){{0,4}}(?![0-9])"
)
_WORD = (
    r"(?:tele|cell|smart)?phone|telefon(?:nummer|ummer|e|o)?|tel|mobile?|handy|cell|fax|whatsapp|rufnummer"
    r"|téléphone|teléfono|móvil|celular|телефон|電話|电话|手机"
)
_LINK = (
    r"(?:[ _-]?(?:number|no|nr|num|nummer))?\\{0,3}[\"']?[\s.:=#\uff1a]{0,4}"
    r"(?:is |ist |es |est )?\\{0,3}[\"']?"
)
_VERB = r"(?:call|reach|ring|text|dial|phone)[ ](?:(?:me|us|him|her|them)[ ])?(?:(?:at|on|under)[ ])?"
_BEFORE = re.compile(rf"(?i:(?<![a-z])(?:(?:{_WORD}){_LINK}|{_VERB}))$")
_NUMBER = re.compile(rf"\(?[0-9]{{1,12}}+(?:{_GAP}[0-9]{{1,12}}+){{0,6}}+(?![0-9])")


def hide_phones(text: str) -> str:
    """Take out phone numbers."""
    if count_digits(text) < FEWEST:
        return text
    return masked(
        text, sorted(span for start, end in _runs(text) for span in _phones(text, start, end)), PHONE
    )


def is_phone(text: str) -> bool:
    """True where a field that is named for a phone number holds one."""
    return 6 <= sum(char.isdigit() for char in text) <= 17


type Spans = Iterator[tuple[int, int]]


def _runs(text: str) -> Spans:
    """Yield the stretches of digits, gaps and signs that are long enough to hold a number."""
    for match in _RUN.finditer(text):
        if count_digits(match[0]) >= FEWEST:
            yield match.span()


def _phones(text: str, start: int, end: int) -> Spans:
    for kind in (_world, _national, _trunk, _named):
        yield from kind(text, start, end)


def _world(text: str, start: int, end: int) -> Spans:
    for match in _WORLD.finditer(text, start, end):
        groups = _GROUP.findall(match[0])
        most = 11 if groups[0].startswith("1") else 17 if groups[0].startswith("00") else 15
        length = _length(match[0], least=_least(groups), most=most)
        if length and not _DATE.match(match[0], 1):
            yield match.start(), match.start() + length


def _least(groups: list[str]) -> int:
    """In one piece, `+20261122` is more often a date, `0012345678` an id."""
    if groups[0].startswith("1"):
        return 11
    if groups[0].startswith("00"):
        return 12 if len(groups) == 1 else 10
    return 9 if len(groups) == 1 else 8


def _national(text: str, start: int, end: int) -> Spans:
    for match in _NATIONAL.finditer(text, start, end):
        if not _DATE.match(match[0]):
            yield match.span()


def _trunk(text: str, start: int, end: int) -> Spans:
    for match in _TRUNK.finditer(text, start, end):
        length = _length(match[0], least=9, most=12)
        if length and not _DATE.match(match[0]):
            yield match.start(), match.start() + length


def _named(text: str, start: int, end: int) -> Spans:
    if match := _NUMBER.match(text, start, end):
        length = _length(match[0], least=7, most=15)
        if length and _BEFORE.search(text, max(0, start - 48), start) and not _DATE.match(match[0]):
            yield start, start + length


def _length(text: str, *, least: int, most: int) -> int:
    """Return the length of the number that the groups of digits make, 0 if they make none.

    Groups after a space may belong to what follows; one after a dash belongs to the number.
    """
    end = count = 0
    for group in _GROUP.finditer(text):
        if count + len(group[0]) > most:
            return end if count >= least and text[end] in _SPACE else 0
        end, count = group.end(), count + len(group[0])
    return end if count >= least else 0

"""International bank account numbers: the length of their country, and the right check digits."""

import re
from collections.abc import Iterator

from llm.redaction.marks import EDGE, IBAN, masked
from llm.redaction.needles import kinds

_GAPS = " \u00a0\u2009\u202f.-"
_CHECK = re.compile(rf"[0-9]{{2}}(?<=[A-Za-z]{{2}}[0-9]{{2}})(?=[{_GAPS}]?[A-Za-z0-9])")  # digits are rarer
_EDGE = re.compile(EDGE)
_REGISTRY = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20
    EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
    KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23
    PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
    UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}  # SWIFT's IBAN registry, release 101


def hide_ibans(text: str) -> str:
    """Take out IBANs, plain or in groups."""
    return masked(text, _ibans(text), IBAN) if "aa00" in kinds(text) else text  # a country, its check digits


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _CHECK.finditer(text):
        start = match.start() - 2
        length = _LENGTHS.get(text[start : start + 2].upper())
        if length and _EDGE.match(text, start):
            compact, end = _take(text, start, length)
            if len(compact) == length and _is_iban(compact):
                yield start, end


def _take(text: str, start: int, length: int) -> tuple[str, int]:
    """Return up to `length` letters and digits with at most one gap between two, and where they end."""
    taken: list[str] = []
    at = start
    while len(taken) < length and at < len(text):
        char = text[at]
        if char.isascii() and char.isalnum():
            taken.append(char)
        elif char not in _GAPS or text[at - 1] in _GAPS:
            break
        at += 1
    return "".join(taken), at


def _is_iban(compact: str) -> bool:
    """ISO 7064 MOD 97-10."""
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1

"""Card numbers: 13 to 19 digits of a known issuer whose check digit is right."""

import re
from collections.abc import Iterator

from llm.redaction.marks import CARD, masked
from llm.redaction.needles import count_digits

FEWEST = 13  # digits of a number

_GAP = r"[ \u00a0\u2009\u202f-]"
_SHAPES = re.compile(
    r"[2-68](?<![0-9].)(?<![0-9][.].)(?=("  # not in the digits of a fraction; only the first is consumed
    r"[0-9]{12,18}"
    rf"|[0-9]{{3}}({_GAP})[0-9]{{4}}\2[0-9]{{4}}\2[0-9]{{1,4}}(?:\2?[0-9]{{1,3}})?"
    rf"|[0-9]{{3}}({_GAP})[0-9]{{6}}\3[0-9]{{4,5}}"
    rf"|[0-9]{{5}}{_GAP}[0-9]{{7,13}}"
    r")(?![0-9]))"
)
_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|(?:35(?:2[89]|[3-8][0-9])|62[0-9]{2}|8[12][0-9]{2})[0-9]{12,15}"  # JCB, UnionPay, RuPay
    r"|(?:50|5[6-9]|6[0-9])[0-9]{11,17}"  # Maestro
)
_LAST_GROUP = re.compile(rf"{_GAP}[0-9]{{1,3}}$")  # as in `1111 12/27`
_NOT_DIGITS = re.compile(r"[^0-9]")


def hide_cards(text: str) -> str:
    """Take out card numbers, plain or in groups."""
    return masked(text, _cards(text), CARD) if count_digits(text) >= FEWEST else text


def is_card(number: int) -> bool:
    """True for a card number that stands as a number, as in JSON."""
    return _is_card(str(number))


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _SHAPES.finditer(text):
        if length := _length(text[match.start() : match.end(1)]):
            yield match.start(), match.start() + length


def _length(shape: str) -> int:
    """Return how much of a shape is a number, 0 if none: a short last group may belong to what follows."""
    both = (shape, _LAST_GROUP.sub("", shape))
    return next((len(part) for part in both if _is_card(_NOT_DIGITS.sub("", part))), 0)


def _is_card(digits: str) -> bool:
    return _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0

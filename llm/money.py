"""Money on the wire: a decimal string without trailing zeros, or null for unknown."""

from decimal import Decimal


def money(amount: Decimal | None) -> str | None:
    """Return `amount` as the API shows it: "0", "0.00012", None."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

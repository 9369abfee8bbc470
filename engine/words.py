"""Numbers as people write them: three significant digits, powers of ten with superscripts, true minus signs."""

import math

DIGITS = 3
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float) -> str:
    """A number for reading: 24.2, 0.0576, 12,346, 1.8 × 10⁻⁵, ∞.

    Between 0.001 and 100,000 in full, elsewhere with a power of ten; whole digits are never rounded away.
    """
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, exponent = f"{value:.{DIGITS - 1}e}".split("e")
    power = int(exponent)
    if value == 0:
        text = "0"
    elif -3 <= power < 5:
        text = _without_zeros(f"{value:,.{max(0, DIGITS - 1 - power)}f}")
    else:
        text = f"{_without_zeros(mantissa)} × 10{str(power).translate(SUPERSCRIPTS)}"
    return text.replace("-", "−")


def point(place: tuple[float, float]) -> str:
    """A point for reading: (−1.2, 1)."""
    return f"({', '.join(number(float(value)) for value in place)})"


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text

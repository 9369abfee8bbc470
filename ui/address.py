"""Numbers and texts in an address: written short, read with suspicion. What every page's address is made of."""

import math
import re
from collections.abc import Mapping, Sequence

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)

LONGEST_NUMBER = 100  # characters
SHOWN = 40  # characters of what is ignored

Query = Mapping[str, str | Sequence[str]]
"""The parameters of an address: name -> value, or the list of its values where a name may be repeated."""


def written(value: float) -> str:
    """The shortest text that reads back as the same number, without the + that an address turns into a space."""
    return repr(value if isinstance(value, int) else float(value)).removesuffix(".0").replace("e+", "e")


def read(text: str) -> float | str:
    """The number that a text denotes; the text itself, shortened, when it is none."""
    if len(text) <= LONGEST_NUMBER and NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    return shortened(text)


def single_values(query: Query) -> tuple[dict[str, str], list[str]]:
    """What is given once, and a sentence for each name that is not."""
    single: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in query.items():
        values = [value] if isinstance(value, str) else list(value)
        if len(values) == 1:
            single[name] = str(values[0])
        else:
            ignored.append(f"{quoted(name)} is given {len(values)} times; it takes one value")
    return single, ignored


def shortened(text: str) -> str:
    """The beginning of a text, for display."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def quoted(text: str) -> str:
    """A part of the address for display: short, in quotes, with whatever does not print escaped."""
    return repr(shortened(text))

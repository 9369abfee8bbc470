"""Knob: the description of one number a user can turn, shared by landscapes, optimizers and the page."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

_NUMBERS = (float, int, np.floating, np.integer)


@dataclass(frozen=True)
class Knob:
    """One number with its default, the sweep its control offers, and the values for which it is defined.

    Args:
        low, high: the ends of the control's sweep.
        default: the value used when none is given; inside the sweep.
        scale: how the control sweeps from low to high: "linear" or "log".
        allowed: the closed interval outside which the number has no meaning; the sweep when not given.
            Wider than the sweep where a value is rare but legitimate (a learning rate of 50, to see it fail).
        integer: whether only whole numbers are allowed.
        help: one sentence for the person who turns it.

    Raises:
        ValueError: when low < high, low <= default <= high or a positive low on a log scale do not hold, or
            when the sweep is not inside `allowed`.
    """

    low: float
    high: float
    default: float
    scale: Literal["linear", "log"] = "linear"
    allowed: tuple[float, float] | None = None
    integer: bool = False
    help: str = ""

    def __post_init__(self) -> None:
        lowest, highest = self.limits
        if not (lowest <= self.low < self.high <= highest and self.low <= self.default <= self.high):
            raise ValueError(f"{self} is out of order: allowed low <= low < high <= allowed high, default in between")
        if self.scale not in ("linear", "log") or (self.scale == "log" and self.low <= 0):
            raise ValueError(f"{self}: scale is 'linear' or 'log', and a log scale starts above 0")

    @property
    def limits(self) -> tuple[float, float]:
        """The closed interval of allowed values."""
        return self.allowed or (self.low, self.high)

    def check(self, name: str, value: object) -> float:
        """Return `value` as a float when it is allowed.

        Raises:
            ValueError: naming `name`, the value and what is allowed.
        """
        lowest, highest = self.limits
        number = math.nan
        if isinstance(value, _NUMBERS) and not isinstance(value, bool):
            number = value
        if not lowest <= number <= highest or (self.integer and number != round(number)):
            kind = "a whole number" if self.integer else "a number"
            raise ValueError(f"{name} = {value!r} is not allowed: {kind} from {lowest:g} to {highest:g}")
        return float(number)

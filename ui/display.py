"""Every display transform: how losses become heights on the surface and ordinates on the loss curve.

The browser gets heights and ordinates that are ready to draw. It never sees a formula.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from engine import Grid, loss_grid
from engine.field import held_out_losses_at
from landscapes import Landscape
from ui.numbers import SUPERSCRIPTS, number

GRID = 201
"""Points along each side of the mesh."""

CurveScale = Literal["log", "linear", "held_out", "tasks"]
"""How a loss curve is drawn: above the minimum on a logarithmic axis, straight, or beside the loss of examples that are
held out, which knows nothing of that minimum: then both as they are, on a logarithmic axis. With "tasks" straight,
beside the losses on two tasks that are trained one after the other."""

COARSE = 41
"""Points along each side at which the held-out loss is looked at, for the ends of its axis."""

CURVE_FLOOR = -15
"""No loss curve reaches below 10 to this power: what is smaller is rounding."""


@dataclass(frozen=True)
class Axis:
    """A named scale in display units, and the values at which it is labelled.

    Attributes:
        title: what the units are, such as "log₁₀(1 + loss)".
        low, high: the ends, in display units.
        ticks: (display value, label) pairs inside the ends.
    """

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Display values as shares of the axis: 0 at its low end, 1 at its high end."""
        return (values - self.low) / (self.high - self.low)


@dataclass(frozen=True, eq=False)
class Relief:
    """A landscape as it is drawn: its grid, the display height at each grid point in [0, 1], and the height axis."""

    grid: Grid
    heights: np.ndarray  # (rows, columns)
    axis: Axis
    contour_step: float  # between two contour lines, in display units

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The lowest and the highest finite loss on the map; 0 and 1 where there is none."""
        finite = self.grid.losses[np.isfinite(self.grid.losses)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def display(landscape: Landscape, losses: np.ndarray) -> np.ndarray:
    """Losses in the display units of the landscape's height axis, any shape; what is not finite stays so."""
    match landscape.height:
        case "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log10(np.maximum(1 + losses - _offset(landscape), np.finfo(float).tiny))
        case "asinh":
            return np.arcsinh(losses)
        case _:
            return np.asarray(losses, float)


def relief(landscape: Landscape, parameters: Mapping[str, float]) -> Relief:
    """The landscape with these parameters, ready to draw. The last few are kept.

    What is not finite is drawn at the edge of the axis: an abyss of minus infinity at its foot, all else at its top.
    """
    return _relief(landscape, tuple(sorted(parameters.items())))


@lru_cache(maxsize=32)
def _relief(landscape: Landscape, parameters: tuple[tuple[str, float], ...]) -> Relief:
    grid = loss_grid(landscape, GRID, **dict(parameters))
    landscape = landscape.at(dict(parameters))
    # The grid may step over a narrow minimum; the ball does not.
    floor = None if landscape.minimum is None else float(display(landscape, np.array(landscape.minimum)))
    return raised(grid, display(landscape, grid.losses), _title(landscape), floor)


def raised(grid: Grid, shown: np.ndarray, title: str, floor: float | None = None) -> Relief:
    """A grid as it is drawn, with these display values at its points; the axis reaches down to `floor` at least."""
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low = low if floor is None else min(low, floor)
    if high <= low:
        high = low + 1
    axis = Axis(title, low, high, linear_ticks(low, high, 6))
    heights = np.clip(axis.unit(np.nan_to_num(shown, nan=high, posinf=high, neginf=low)), 0, 1)
    return Relief(grid, heights, axis, nice_step((high - low) / 20))


def _offset(landscape: Landscape) -> float:
    return 0.0 if landscape.minimum is None else landscape.minimum


def _title(landscape: Landscape) -> str:
    match landscape.height:
        case "log":
            return f"log₁₀(1 + {_above_minimum(landscape)})"
        case "asinh":
            return "asinh(loss)"
        case _:
            return "loss"


def _above_minimum(landscape: Landscape) -> str:
    """The loss above its minimum, in words: "loss", "loss - 0.398", "loss + 1.03"."""
    offset = _offset(landscape)
    if abs(offset) < 1e-12:
        return "loss"
    return f"loss {'−' if offset > 0 else '+'} {number(abs(offset))}"


@dataclass(frozen=True, eq=False)
class Curve:
    """The loss curve's vertical axis for one landscape and start, and the transform that belongs to it."""

    axis: Axis
    landscape: Landscape
    units: Literal["log", "linear", "height", "decades", "tasks"]
    """log10 above the minimum, the loss itself, the units of the height, log10 of the loss itself, or again itself"""

    def ordinates(self, losses: np.ndarray) -> np.ndarray:
        """Losses as shares of the axis; below 0 or above 1 when they are off it."""
        if self.units in ("linear", "tasks"):
            return self.axis.unit(losses)
        if self.units == "height":
            return self.axis.unit(display(self.landscape, losses))
        least = 0 if self.units == "decades" else _offset(self.landscape)
        with np.errstate(divide="ignore"):
            return self.axis.unit(np.log10(np.maximum(losses - least, 0)))


def curve(
    landscape: Landscape, parameters: Mapping[str, float], runs: Sequence[np.ndarray], scale: CurveScale = "log"
) -> Curve:
    """The loss curve's axis for runs with these losses.

    With "log" it is logarithmic above the minimum where that is known, else in the units of the height axis. Its top is
    the highest loss on the map (or at a start), so that a run which diverges does not move it; its bottom goes down in
    threes of decades to the lowest loss. With "linear" it reaches from the minimum, or the lowest loss on the map where
    none is known, to the highest start. With "held_out" it reaches from the lowest of both losses on the map to
    twice the highest start. With "tasks" it reaches from a little below what is left of a task at best to a third more
    than the highest start.

    Raises:
        ValueError: for "held_out" on a landscape that holds no examples out, and for "tasks" on one without tasks.
    """
    if scale == "held_out":
        return _with_held_out(landscape, parameters, [run[0] for run in runs])
    if scale == "tasks":
        return _with_tasks(landscape, [run[0] for run in runs])
    drawn = relief(landscape, parameters)
    landscape = landscape.at(parameters)
    losses = np.concatenate([np.asarray(run, float) for run in runs])
    losses = losses[np.isfinite(losses)]
    starts = [run[0] for run in runs if np.isfinite(run[0])]
    if scale == "linear":
        lowest = drawn.extremes[0] if landscape.minimum is None else landscape.minimum
        low, high = min([lowest, *starts]), max([lowest, *starts])
        high = high if high > low else low + 1
        return Curve(Axis("loss", low, high, linear_ticks(low, high, 5)), landscape, "linear")
    if landscape.minimum is None:
        shown = display(landscape, np.array(starts))
        low, high = min([drawn.axis.low, *shown]), max([drawn.axis.high, *shown])
        return Curve(Axis(drawn.axis.title, low, high, linear_ticks(low, high, 5)), landscape, "height")
    top = math.log10(max([drawn.extremes[1], *starts]) - landscape.minimum)
    above = losses - landscape.minimum
    above = above[above > 0]
    lowest = math.log10(float(above.min())) if above.size else -3.0
    low = max(CURVE_FLOOR, 3 * math.floor(min(lowest, 0) / 3 + 1e-9))
    low = min(low, math.floor(top) - 3)
    apart = max(1, round((top - low) / 5))
    ticks = tuple((float(p), power_of_ten(p)) for p in range(low, math.floor(top) + 1) if p % apart == 0)
    return Curve(Axis(_above_minimum(landscape), low, top, ticks), landscape, "log")


def _with_held_out(landscape: Landscape, parameters: Mapping[str, float], starts: Sequence[float]) -> Curve:
    begun = [start for start in starts if np.isfinite(start)]
    low = math.log10(_lowest(landscape, tuple(sorted(parameters.items()))))
    high = math.log10(2 * max(begun) if begun else relief(landscape, parameters).extremes[1])
    return Curve(Axis("loss", low, high, log_ticks(low, high)), landscape, "decades")


def _with_tasks(landscape: Landscape, starts: Sequence[float]) -> Curve:
    if landscape.step_loss is None or landscape.picture is None:
        raise ValueError(f"{landscape.key} has no tasks that are trained one after the other")
    best = landscape.picture().still["points"]
    low, high = 0.9 * float(best.min()), 1.05 * float(best.max())
    high = max([high, *(4 / 3 * start for start in starts if np.isfinite(start))])
    return Curve(Axis("error", low, high, linear_ticks(low, high, 4)), landscape, "tasks")


@lru_cache(maxsize=32)
def _lowest(landscape: Landscape, parameters: tuple[tuple[str, float], ...]) -> float:
    """A little less than the lowest loss on the map, of the examples or of those held out."""
    settings = dict(parameters)
    (left, right), (bottom, top) = landscape.domain
    places = np.stack(np.meshgrid(np.linspace(left, right, COARSE), np.linspace(bottom, top, COARSE)), axis=-1)
    held_out = held_out_losses_at(landscape, places, **settings).min()
    lowest = min(relief(landscape, settings).extremes[0], landscape.at(settings).minimum or math.inf, held_out)
    return 0.9 * lowest  # the lowest held-out loss may lie between two of these places


def nice_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least` (which is positive)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def linear_ticks(low: float, high: float, about: int) -> tuple[tuple[float, str], ...]:
    """Round values in [low, high], about that many, with their labels."""
    step = nice_step((high - low) / about)
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return tuple((place * step, number(place * step)) for place in places)


def log_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Labels for an axis from 10^low to 10^high: powers of ten, and on a short one 2 and 5 times them."""
    apart = max(1, round((high - low) / 4))
    powers = [power for power in range(math.floor(low), math.floor(high) + 1) if power % apart == 0]
    factors = (1, 2, 5) if high - low < 2.5 else (1,)
    places = [(power + math.log10(factor), factor, power) for power in powers for factor in factors]
    return tuple(
        (at, power_of_ten(power) if len(factors) == 1 else number(factor * 10.0**power))
        for at, factor, power in places
        if low <= at <= high
    )


def power_of_ten(exponent: int) -> str:
    """A power of ten in print: 1, 10, 10⁻³."""
    return {0: "1", 1: "10"}.get(exponent, f"10{str(exponent).translate(SUPERSCRIPTS)}")

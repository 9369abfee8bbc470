"""A landscape from a typed formula: what people would otherwise write into an entry is searched for.

Its domain, height transform, start and stationary points are found numerically; what is found is marked as such.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from engine.field import gradient_field, hessian_matrices, losses_at
from engine.kept import FORMULAS
from landscapes.base import OWN_CHAPTER, Height, Interval, Landscape, Point
from landscapes.formula import Formula, read_formula

WIDEST = 10.0
"""How far from the origin stationary points are looked for."""

SIDES = (2.0, 10.0)
"""Half the sides of the two grids of points from which the search begins."""

ACROSS = 21  # points along a side of each
ITERATIONS = 40
SHARPEST_STEP = 0.1  # of the grid's half side: the longest step of the search
FLAT = 1e-7  # a gradient this small, against the curvature times the size of the map, is none
APART = 1e-4  # two points closer than this are one

USUAL = 3.0
"""Half the side of the domain where nothing was found that it should hold."""

INSIDE = 0.9
"""How far from the middle of the map to its edge a run may start, where there is ground for it."""

MANY = 12
"""More minima than this do not all have to be on the map."""

STEEP, TALL = 4.0, 20.0
"""A map whose highest hundredth is so many times as high as its middle, and so high, has a logarithmic scale."""

NOTE = "The stationary points were searched for numerically from a grid of points; there may be others."

LONGEST_TITLE = 40  # characters

_one_at_a_time = Lock()


class Stationary(NamedTuple):
    """Stationary points by kind, each a list of points."""

    minima: list[Point]
    saddles: list[Point]


def landscape_from_formula(
    text: str, *, domain: tuple[Interval, Interval] | None = None, start: Point | None = None
) -> Landscape:
    """The landscape f(x, y) of a typed formula, ready for `descend` and every figure.

    The same text gives the same landscape while it is among the last `FORMULAS`, so that nothing is compiled for it
    again; one with a domain or a start of its own is made anew each time. One formula is searched at a time, whoever
    asks: that takes a second, and a visitor can have one core at work but not all.

    Args:
        text: a formula as `landscapes.formula` reads it.
        domain: the part that is shown; where none is given, one is found that holds the minima.
        start: where a run begins; where none is given, a high place far from them.

    Raises:
        FormulaError: for a formula that is refused.
        ValueError: when the loss is nowhere finite on the domain, or the start is not inside it.
    """
    with _one_at_a_time:
        if domain is None and start is None:
            return _kept(text.strip())
        return _surveyed(read_formula(text), domain, start)


@lru_cache(maxsize=FORMULAS)
def _kept(text: str) -> Landscape:
    return _surveyed(read_formula(text), None, None)


def _surveyed(formula: Formula, domain: tuple[Interval, Interval] | None, start: Point | None) -> Landscape:
    """The landscape, with all that is found about it."""
    blank = _entry(formula)
    found = stationary_points(blank)
    area = domain or _domain(found.minima + found.saddles)
    points = _grid(area, 61)
    losses, gradients = losses_at(blank, points), gradient_field(blank, points)
    defined = np.isfinite(losses)
    if not defined.any():
        raise ValueError(f"it has no finite value for {_interval('x', area[0])} and {_interval('y', area[1])}")
    minima, saddles = ([point for point in kind if _holds(area, point)] for kind in found)
    heights = losses_at(blank, minima).tolist() if minima else []
    lowest = min(heights, default=np.inf)
    slack = 1e-9 * max(1.0, abs(lowest)) if minima else 0.0
    wide = losses_at(blank, _grid(blank.domain, 61))
    floor = min(losses[~np.isnan(losses)].min(), wide[~np.isnan(wide)].min(initial=np.inf))
    known = lowest <= floor + slack  # else there is lower ground, on the map or around it
    best = [point for point, height in zip(minima, heights, strict=True) if known and height <= lowest + slack]
    minimum = lowest if known else None
    sloping = defined & np.isfinite(gradients).all(axis=1)
    half = np.ptp(area, axis=1) / 2
    inside = (np.abs(points - np.mean(area, axis=1)) <= INSIDE * half).all(axis=1)
    fair = next(places for places in (sloping & inside, sloping, defined) if places.any())
    return replace(
        blank, domain=area, start=start or _start(points[fair], losses[fair], minima), minima=tuple(best),
        minimum=minimum, local_minima=tuple(point for point in minima if point not in best), saddles=tuple(saddles),
        height=_height(losses[defined], minimum), notes=_notes(losses, minima, saddles, known),
    )  # fmt: skip


def _notes(losses: np.ndarray, minima: Sequence[Point], saddles: Sequence[Point], known: bool) -> str:
    """What there is to know about such a map beside its points."""
    finite = losses[np.isfinite(losses)]
    missing = 100 * (1 - len(finite) / len(losses))
    said = []
    if missing:
        said.append(f"It has no finite value on {min(missing, 99):.0f} % of the map." if missing >= 1 else
                    "It has no finite value at some places of the map.")  # fmt: skip
    if np.ptp(finite) == 0:
        return " ".join([*said, "It has the same value everywhere: there is nowhere to go."])
    if minima and not known:
        said.append("There is lower ground than at any minimum that was found, so none is called the lowest.")
    if not minima and not saddles:
        said.append(f"No minimum and no saddle was found within {WIDEST:g} of the origin.")
    return " ".join([*said, NOTE])


def _interval(name: str, interval: Interval) -> str:
    return f"{name} from {interval[0]:g} to {interval[1]:g}"


def stationary_points(landscape: Landscape) -> Stationary:
    """The minima and saddles within WIDEST of the origin to which Newton's method leads from a grid of points.

    Newton's method is drawn to stationary points of every kind. Degenerate ones, along a valley or at a point without
    curvature, are left out: the map shows them better than a mark would.
    """
    kinds = Stationary([], [])
    for side in SIDES:
        points = _settled(landscape, _grid(((-side, side), (-side, side)), ACROSS) + 0.013 * side, side)
        gradients, curvatures = gradient_field(landscape, points), hessian_matrices(landscape, points)
        scale = np.abs(curvatures).max(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            still = np.abs(gradients).max(axis=1) <= FLAT * scale * side
            still &= np.abs(points).max(axis=1) <= WIDEST
        for point, matrix in zip(points[still], curvatures[still], strict=True):
            low, high = np.linalg.eigvalsh(matrix)
            kind = kinds.minima if low > FLAT * high > 0 else kinds.saddles if low < 0 < high else None
            place = (float(point[0]), float(point[1]))
            if kind is not None and all(np.hypot(x - place[0], y - place[1]) > APART for x, y in kind):
                kind.append(place)
    return Stationary(*(sorted(kind) for kind in kinds))


def _settled(landscape: Landscape, points: np.ndarray, side: float) -> np.ndarray:
    """Where Newton's method on the gradient leads from each point; its steps are kept short enough not to jump away."""
    for _ in range(ITERATIONS):
        gradients, matrices = gradient_field(landscape, points), hessian_matrices(landscape, points)
        with np.errstate(all="ignore"):  # where there is no curvature, or no number, the point stays where it is
            (a, b), (_, d) = np.moveaxis(matrices, 0, -1)
            determinant = a * d - b * b
            g, h = gradients.T
            steps = np.stack([d * g - b * h, a * h - b * g], axis=1) / determinant[:, None]
            lengths = np.hypot(*steps.T)[:, None]
            steps *= np.minimum(1, SHARPEST_STEP * side / lengths)
            steps = np.where(np.isfinite(steps), steps, 0)
        points = points - steps
    return points


def _entry(formula: Formula) -> Landscape:
    """The formula as an entry of which nothing else is known yet."""
    return Landscape(
        key="formula", title=_title(formula.text), chapter=OWN_CHAPTER, loss=formula.loss,
        domain=((-WIDEST, WIDEST), (-WIDEST, WIDEST)), start=(1.0, 1.0), minima=(), minimum=None, minima_curve="",
        local_minima=(), saddles=(), pins=(((1.0, 1.0), float(formula.loss(jnp.ones(2)))),), tex=formula.tex,
        source="Typed by its user", teaches="What a run makes of a formula of one's own.", notes="", height="linear",
        formula=formula.text,
    )  # fmt: skip


def _title(text: str) -> str:
    """The formula, or its beginning where it is long."""
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1]}…"


def _grid(area: tuple[Interval, Interval], across: int) -> np.ndarray:
    """The points of a regular grid over an area, shape (across * across, 2)."""
    return np.stack(np.meshgrid(*(np.linspace(*side, across) for side in area)), axis=-1).reshape(-1, 2)


def _holds(area: tuple[Interval, Interval], point: Point) -> bool:
    return all(low <= value <= high for value, (low, high) in zip(point, area, strict=True))


def _domain(points: Sequence[Point]) -> tuple[Interval, Interval]:
    """A square that holds the points with room around them, or of many only those near the origin."""
    near = [point for point in points if max(map(abs, point)) <= USUAL] if len(points) > MANY else points
    near = near or points
    if not near:
        return ((-USUAL, USUAL), (-USUAL, USUAL))
    (left, bottom), (right, top) = np.min(near, axis=0), np.max(near, axis=0)
    half = float(np.clip(np.ceil(0.8 * max(right - left, top - bottom)), 2, WIDEST))
    x, y = round(float(left + right) / 2), round(float(bottom + top) / 2)
    return ((x - half, x + half), (y - half, y + half))


def _start(points: np.ndarray, losses: np.ndarray, minima: Sequence[Point]) -> Point:
    """A place from which there is a way to go: among those of upper middle height the furthest from any minimum."""
    low, high = np.quantile(losses, [0.6, 0.9])
    fair = points[(losses >= low) & (losses <= high)]
    away = np.hypot(*np.moveaxis(fair[:, None] - np.array(minima or [(0.0, 0.0)]), -1, 0)).min(axis=1)
    x, y = fair[int(np.argmax(away))]
    return float(x), float(y)


def _height(losses: np.ndarray, minimum: float | None) -> Height:
    """Logarithmic above a known minimum where most of the map would be flat beside its highest parts."""
    low, middle, high = np.quantile(losses, [0.01, 0.5, 0.99])
    if minimum is not None:
        return "log" if high - minimum > max(TALL, STEEP * (middle - minimum)) else "linear"
    return "asinh" if max(abs(low - middle), abs(high - middle)) > TALL else "linear"

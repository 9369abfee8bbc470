"""What a run came to, in words and in numbers for people. Knows no Streamlit."""

import math

import numpy as np

from engine import Trajectory
from landscapes.base import Landscape, Point
from ui.numbers import number, point

STATUS = {"converged": "At a minimum", "running": "Still on its way", "diverged": "Diverged"}


def known_minima(landscape: Landscape) -> tuple[Point, ...]:
    """Every known minimum of a landscape, the lowest first."""
    return (*landscape.minima, *landscape.local_minima)


def distances(t: Trajectory) -> np.ndarray | None:
    """The distance from each iterate to the nearest known minimum, shape (steps + 1,); None where none is known."""
    minima = np.array(known_minima(t.landscape), float)
    if not len(minima):
        return None
    with np.errstate(over="ignore"):
        return np.hypot(*np.moveaxis(t.points[:, None] - minima, -1, 0)).min(axis=1)


def gradient_norms(t: Trajectory) -> np.ndarray:
    """The Euclidean norm of the gradient at each iterate, shape (steps + 1,)."""
    with np.errstate(over="ignore"):
        return np.hypot(t.gradients[:, 0], t.gradients[:, 1])


def outside(t: Trajectory) -> np.ndarray:
    """Whether each iterate of the run lies outside the map, shape (length + 1,)."""
    (left, right), (bottom, top) = t.landscape.domain
    x, y = t.points[: t.length + 1].T
    return (x < left) | (x > right) | (y < bottom) | (y > top)


def facts(t: Trajectory) -> dict[str, str]:
    """The run's end in numbers: label -> value."""
    away = distances(t)
    return {
        "Status": STATUS[t.status],
        "Steps": f"{t.length:,}" + (f" of {t.steps:,}" if t.length < t.steps else ""),
        "Loss": f"{number(t.losses[0])} → {number(t.losses[t.length])}",
        "Ends at": point(t.points[t.length]),
        "To the nearest minimum": "none is known" if away is None else number(away[t.length]),
        "Gradient norm": number(gradient_norms(t)[t.length]),
    }


def remarks(t: Trajectory) -> str:
    """What the numbers do not say: how it diverged, where it was off the map; empty for an ordinary run."""
    if not math.isfinite(t.losses[0]):
        return f"The loss is not a finite number at the start {point(t.start)}, so no step can be made."
    last = f"At step {t.length + 1:,} the numbers are no longer finite; step {t.length:,} is the last one shown."
    still = f"It stands still from step {t.length:,} on, but this is no minimum."
    told = last if t.status == "diverged" else still if t.at_rest and t.status == "running" else ""
    return " ".join(filter(None, [_about_the_map(t), told]))


def _about_the_map(t: Trajectory) -> str:
    """When the run was off the map; empty when it never was."""
    away = outside(t)
    if not away.any():
        return ""
    start = f"The start {point(t.start)} is outside the map"
    if away.all():
        return f"{start}, and so is the whole run."
    if away[0]:
        return f"{start}; the run comes onto it at step {int((~away).argmax()):,}."
    back = "" if away[t.length] else " and comes back"
    return f"It leaves the map at step {int(away.argmax()):,}{back}."

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
        "To the nearest minimum": "none is known" if away is None else number(away[t.length]),
        "Gradient norm": number(gradient_norms(t)[t.length]),
    }


def story(t: Trajectory) -> str:
    """What happened, in one or two sentences."""
    end = point(t.points[t.length])
    if not math.isfinite(t.losses[0]):
        return f"The loss is not a finite number at the start {point(t.start)}, so no step can be made."
    if t.status == "diverged":
        told = (
            f"The loss or the next point is no longer a finite number at step {t.length + 1:,}. "
            f"The last point that can be written down is {end}, with loss {number(t.losses[t.length])}."
        )
    elif t.status == "converged":
        told = f"The run is at a minimum, {end}."
    elif t.at_rest:
        told = f"The run stands still at {end}, which is no minimum."
    else:
        told = f"After {t.steps:,} steps the run is at {end} and has not arrived at a minimum."
    return " ".join(filter(None, [told, _about_the_map(t)]))


def _about_the_map(t: Trajectory) -> str:
    """Where the run was off the map; empty when it never was."""
    away = outside(t)
    if not away.any():
        return ""
    if away.all():
        return "The whole run lies outside the map."
    if away[0]:
        return f"The start {point(t.start)} is outside the map; the run enters it at step {int((~away).argmax()):,}."
    first = int(away.argmax())
    back = "" if away[t.length] else ", and came back"
    return f"It left the map at step {first:,}{back}."

"""A run in a precision below float64 beside the same run in float64: where they part, and what did not fit."""

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from engine.descend import Trajectory, descend
from engine.field import gradient_field, losses_at
from engine.memories import memories
from engine.precision import TYPES
from engine.stationary import shorter_side
from engine.words import number, point

PARTED = 0.01
"""The share of the map's shorter side from which on two runs count as apart."""


@lru_cache(maxsize=16)
def twin(t: Trajectory) -> Trajectory:
    """The same run in float64: the same start, unrounded, settings, twists and random numbers."""
    names = ("precision", "loss_scaling", "loss_scale", "scale_growth")
    settings: dict[str, Any] = {**t.parameters, **t.settings, **t.twists.keywords()}
    wide = {name: value for name, value in settings.items() if name not in names}
    return descend(
        t.landscape, t.optimizer, start=t.start, steps=t.steps, seed=t.seed, rate_changes=t.rate_changes, **wide
    )


def parting(t: Trajectory, other: Trajectory, share: float = PARTED) -> int | None:
    """The first row at which two runs are further apart than a share of the map's shorter side; None if there is none.

    A run that has come to rest stays where it is; one that has diverged is apart from one that has not.
    """
    ours, theirs = _stayed(t), _stayed(other)
    rows = min(len(ours), len(theirs))
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.hypot(*(ours[:rows] - theirs[:rows]).T) <= share * shorter_side(t.landscape)
    gone = np.isnan(ours[:rows, 0]) & np.isnan(theirs[:rows, 0])
    apart = np.flatnonzero(~(near | gone))
    return int(apart[0]) if len(apart) else None


def _stayed(t: Trajectory) -> np.ndarray:
    points = t.points.copy()
    if t.at_rest:
        points[t.length :] = points[t.length]
    return points


def misfit(t: Trajectory) -> str:
    """What did not fit the precision of a run that has diverged, in a sentence without its full stop."""
    key, largest = t.twists.precision, float(jnp.finfo(TYPES[t.twists.precision]).max)
    at_start = not np.isfinite(t.losses[0])
    place = np.array(t.start) if at_start else memories(t).points[-1]
    limit = f"{number(largest)}, the largest number of {key}"
    if not (np.abs(place) <= largest).all():
        return f"The {'start' if at_start else 'point that it would step to'} is beyond {limit}"
    where = point((float(place[0]), float(place[1])))
    loss = float(losses_at(t.landscape, [place], **t.parameters)[0])
    if not abs(loss) <= largest:
        return f"The loss at {where} is {number(loss)}, beyond {limit}"
    slope = float(np.abs(gradient_field(t.landscape, [place], **t.parameters)).max())
    scale = t.twists.loss_scale if t.twists.scaled else 1.0
    if not slope * scale <= largest:
        what = "The gradient" if scale == 1 else f"The gradient times {number(scale)}"
        return f"{what} at {where} is {number(slope * scale)}, beyond {limit}"
    return f"On the way to the loss and its gradient at {where} a number is beyond {limit}"


def lost_steps(t: Trajectory) -> tuple[int, int, float] | None:
    """Of a run whose steps are lost in rounding where the slope is steepest, at least for its last quarter.

    Returns:
        The row from which on that coordinate stays what it is; which one it is, 0 or 1; and how far apart the numbers
        of the precision are there. None of any other run.
    """
    end, rate = t.points[t.length], t.peak_rate
    if not t.twists.narrow or t.length < t.steps or rate == 0 or not t.gradients[t.length].any():
        return None
    axis = int(np.abs(t.gradients[t.length]).argmax())
    row = int(np.flatnonzero(t.points[:, axis] != end[axis]).max(initial=-1)) + 1
    gap = float(jnp.spacing(jnp.abs(end[axis]).astype(TYPES[t.twists.precision])))
    return (row, axis, gap) if row <= 3 * t.steps // 4 else None

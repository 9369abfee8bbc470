"""Runs of an optimizer down a landscape: jitted optax steps to a `Trajectory`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine.field import family_of, find_landscape
from engine.program import MAX_STEPS, program
from engine.stationary import is_at_minimum
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers.base import OPTIMIZERS, Optimizer

STEPS = Knob(10, MAX_STEPS, 500, "log", allowed=(0, MAX_STEPS), integer=True, help="How many updates the run makes.")
SEED = Knob(0, 999, 0, allowed=(0, 2**31 - 1), integer=True, help="Where random numbers begin.")
COORDINATE = Knob(-1e6, 1e6, 0, allowed=(-1e100, 1e100))

Status = Literal["running", "converged", "diverged"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run, as NumPy arrays, with the settings that made it.

    Attributes:
        points: (steps + 1, 2), the iterates; row 0 is the start. NaN after the run ended.
        losses: (steps + 1,), the loss AT each point.
        gradients: (steps + 1, 2), the gradient at each point.
        learning_rates: (steps,), the rate of each step; NaN for an optimizer that has none.
        length: index of the last valid row; `steps` unless the run ended early.
        at_rest: whether it ended early because a step changed nothing, so that no further step would.
        landscape, parameters, optimizer, settings, start, steps, seed: what was run, every number filled in.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    start: Point
    steps: int
    seed: int
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    learning_rates: np.ndarray
    length: int
    at_rest: bool

    @cached_property
    def status(self) -> Status:
        """How the run stands at its last valid row.

        "diverged": the next row would not be finite (or the start already is not). "converged": the last row is
        at a minimum, by the test of `engine.stationary`. "running": neither, after all its steps, or at rest somewhere
        that is no minimum.
        """
        if not np.isfinite(self.losses[0]) or (self.length < self.steps and not self.at_rest):
            return "diverged"
        at_minimum = is_at_minimum(self.landscape, self.points[self.length], **self.parameters)
        return "converged" if at_minimum else "running"


def find_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """The entry for a key; an entry is returned as it is.

    Raises:
        ValueError: when no optimizer has that key.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[optimizer]


def descend(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    start: Sequence[float] | None = None,
    steps: int = 500,
    seed: int = 0,
    **settings: float,
) -> Trajectory:
    """Run an optimizer down a landscape.

    Args:
        landscape: a key, or an entry of one's own.
        optimizer: likewise.
        start: (x, y); the landscape's own start when not given.
        steps: how many updates, 0 to MAX_STEPS.
        seed: for whatever is random in the run.
        **settings: the optimizer's knobs and the landscape's parameters by name; the rest keep their defaults.

    Returns:
        The trajectory. Divergence is a result: the rows after it are NaN and `status` says so.

    Raises:
        ValueError: for an unknown key or name, a value that is not allowed, or a start that is not two finite numbers;
            the message names the value and what is allowed.
    """
    surface, method = find_landscape(landscape), find_optimizer(optimizer)
    if unknown := set(settings) - set(method.knobs) - set(surface.parameters):
        allowed = ", ".join([*method.knobs, *surface.parameters]) or "nothing"
        raise ValueError(f"{method.key} on {surface.key} has no setting {min(unknown)!r}; it takes {allowed}")
    knobs = filled_in(method.knobs, settings)
    parameters = filled_in(surface.parameters, settings)
    first = checked_start(surface.start if start is None else start)
    count, number = int(STEPS.check("steps", steps)), int(SEED.check("seed", seed))

    family, index = family_of(surface)
    padding = [0.0] * (family.parameter_count - len(parameters))
    numbers = np.array([[*first, *parameters.values(), *padding, *knobs.values()]])
    rows, at_rest = program(method, family)(np.array([index, count], np.int32), numbers)
    run = np.asarray(rows)[: count + 1, 0].copy()
    length = max(0, int(np.isnan(run[:, 0]).argmax()) - 1) if math.isnan(run[-1, 0]) else count
    run[0, :2] = first
    return Trajectory(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, start=first, steps=count,
        seed=number, points=run[:, :2], losses=run[:, 2], gradients=run[:, 3:],
        learning_rates=np.full(count, knobs.get("learning_rate", math.nan)),
        length=length, at_rest=length < count and bool(np.asarray(at_rest)[0]),
    )  # fmt: skip


def filled_in(knobs: Mapping[str, Knob], settings: Mapping[str, float]) -> dict[str, float]:
    """Every knob's value, checked: from the settings where it stands there, else its default."""
    return {name: knob.check(name, settings.get(name, knob.default)) for name, knob in knobs.items()}


def checked_start(start: Sequence[float]) -> Point:
    """The start as two floats.

    Raises:
        ValueError: when it is not two finite numbers, or one is beyond 1e100.
    """
    try:
        x, y = start
        return COORDINATE.check("x", x), COORDINATE.check("y", y)
    except (TypeError, ValueError) as error:
        raise ValueError(f"start = {start!r} is not allowed: two finite numbers (x, y)") from error

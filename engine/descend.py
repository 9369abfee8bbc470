"""Runs of an optimizer down a landscape: jitted optax steps to a `Trajectory`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from engine.field import find_landscape
from engine.program import MAX_STEPS, WINDOW, program, width
from engine.stationary import is_at_minimum
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers.base import OPTIMIZERS, Optimizer

STEPS = Knob(10, MAX_STEPS, 500, "log", allowed=(0, MAX_STEPS), integer=True, help="How many updates the run makes.")
SEED = Knob(0, 999, 0, allowed=(0, 2**31 - 1), integer=True, help="Where random numbers begin.")
COORDINATE = Knob(-1e6, 1e6, 0, allowed=(-1e100, 1e100))

Status = Literal["running", "converged", "diverged"]
RateChanges = tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run, as NumPy arrays, with the settings that made it.

    Attributes:
        points: (steps + 1, 2), the iterates; row 0 is the start. NaN after the run ended.
        losses: (steps + 1,), the loss AT each point.
        gradients: (steps + 1, 2), the gradient at each point.
        costs: (steps,), the gradient evaluations that each step takes; None where each takes one.
        length: index of the last valid row; `steps` unless the run ended early.
        at_rest: whether it ended early because a step changed nothing, so that no further step would.
        landscape, parameters, optimizer, settings, start, steps, seed: what was run, every number filled in.
        rate_changes: (step, learning rate) in the order of the steps: from that row on steps are made with that rate.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    start: Point
    steps: int
    seed: int
    rate_changes: RateChanges
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    costs: np.ndarray | None
    length: int
    at_rest: bool

    @cached_property
    def learning_rates(self) -> np.ndarray:
        """The rate of each step, shape (steps,); NaN for an optimizer that has none."""
        return rate_of_each_step(self.settings.get("learning_rate", math.nan), self.rate_changes, self.steps)

    @cached_property
    def evaluations(self) -> np.ndarray:
        """How many gradients were evaluated to reach each row, shape (steps + 1,): 0 at the start.

        A line search pays for its trials and Newton's method for its Hessian (docs/model.md); the rows after the run's
        end repeat the last number. The gradient at the last row is not counted: no step was made with it.
        """
        costs = np.ones(self.steps) if self.costs is None else self.costs
        made = np.where(np.arange(self.steps) < self.length, costs, 0)
        return np.concatenate([[0], np.cumsum(made)]).astype(int)

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
    rate_changes: Mapping[int, float] | RateChanges = (),
    **settings: float,
) -> Trajectory:
    """Run an optimizer down a landscape.

    Args:
        landscape: a key, or an entry of one's own.
        optimizer: likewise.
        start: (x, y); the landscape's own start when not given.
        steps: how many updates, 0 to MAX_STEPS.
        seed: for whatever is random in the run.
        rate_changes: step -> learning rate: from that row on the run goes on with that rate, and with all that the
            optimizer remembers.
        **settings: the optimizer's knobs and the landscape's parameters by name; the rest keep their defaults.

    Returns:
        The trajectory. Divergence is a result: the rows after it are NaN and `status` says so.

    Raises:
        ValueError: for an unknown key or name, a value that is not allowed, or a start that is not two finite numbers;
            the message names the value and what is allowed.
    """
    surface, method, parameters, knobs = described(landscape, optimizer, settings)
    first = checked_start(surface.start if start is None else start)
    count, number = int(STEPS.check("steps", steps)), int(SEED.check("seed", seed))
    changes = checked_rate_changes(method, rate_changes) if rate_changes else ()

    run, at_rest = _rows(surface, method, parameters, knobs, first, count, changes)
    length = max(0, int(np.isnan(run[:, 0]).argmax()) - 1) if math.isnan(run[-1, 0]) else count
    run[0, :2] = first
    return Trajectory(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, start=first, steps=count,
        seed=number, rate_changes=changes, points=run[:, :2], losses=run[:, 2], gradients=run[:, 3:5],
        costs=run[:-1, 5] if run.shape[1] > 5 else None,
        length=length, at_rest=length < count and at_rest,
    )  # fmt: skip


def _rows(
    surface: Landscape,
    method: Optimizer,
    parameters: Mapping[str, float],
    knobs: Mapping[str, float],
    start: Point,
    steps: int,
    changes: RateChanges,
) -> tuple[np.ndarray, bool]:
    """The rows of one run, shape (steps + 1, width), and whether it came to rest.

    A run longer than a window is made again for each further one: that takes a millisecond or two, and spares every
    other run the memory of the longest.
    """
    shared = bool(changes) or steps > WINDOW
    rates = rate_of_each_step(knobs.get("learning_rate", 1.0), changes, MAX_STEPS) if shared else constant_rates()
    own = {**knobs, "learning_rate": 1.0} if shared and "learning_rate" in knobs else knobs
    numbers = np.array([[*start, *parameters.values(), *own.values()]])
    settled = changes[-1][0] if changes else 0
    run = np.full((steps + 1, width(method)), np.nan)
    first, at_rest = 0, False
    while first <= steps and not at_rest and not (first and np.isnan(run[first - 1, 0])):
        last = min(first + WINDOW, steps)
        rows, resting = program(method, surface)(np.array([first, last, settled], np.int32), rates, numbers)
        run[first : last + 1] = np.asarray(rows)[: last - first + 1, 0]
        first, at_rest = last + 1, bool(np.asarray(resting)[0])
    return run, at_rest


def described(
    landscape: str | Landscape, optimizer: str | Optimizer, settings: Mapping[str, float]
) -> tuple[Landscape, Optimizer, dict[str, float], dict[str, float]]:
    """The two entries, the landscape's parameters and the optimizer's knobs, checked and with every number filled in.

    Raises:
        ValueError: for an unknown key or name, or a value that is not allowed.
    """
    surface, method = find_landscape(landscape), find_optimizer(optimizer)
    if unknown := set(settings) - set(method.knobs) - set(surface.parameters):
        allowed = ", ".join([*method.knobs, *surface.parameters]) or "nothing"
        raise ValueError(f"{method.key} on {surface.key} has no setting {min(unknown)!r}; it takes {allowed}")
    return surface, method, filled_in(surface.parameters, settings), filled_in(method.knobs, settings)


def rate_of_each_step(rate: float, changes: RateChanges, steps: int) -> np.ndarray:
    """The learning rate with which each step is made, shape (steps,)."""
    rates = np.full(steps, rate)
    for step, changed in changes:
        rates[step:] = changed
    return rates


@lru_cache(maxsize=1)
def constant_rates() -> jax.Array:
    """What `program` multiplies the learning rate of each step by where it does not change."""
    return jnp.ones(MAX_STEPS)  # kept where the programs read it


def checked_rate_changes(method: Optimizer, changes: Mapping[int, float] | Sequence[tuple[int, float]]) -> RateChanges:
    """The changes in the order of their steps, checked.

    Raises:
        ValueError: for a step or a rate that is not allowed, two changes at one step, or an optimizer that has no
            learning rate.
    """
    pairs = list(changes.items() if isinstance(changes, Mapping) else changes)
    knob = method.knobs.get("learning_rate")
    if knob is None:
        raise ValueError(f"the rate cannot change: {method.key} has no learning rate")
    checked = [
        (int(STEPS.check("the step of a rate change", step)), knob.check("learning_rate", rate)) for step, rate in pairs
    ]
    if len(dict(checked)) < len(checked):
        raise ValueError("the rate can change once at a step, not twice")
    return tuple(sorted(checked))


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

"""Many runs of one optimizer on one landscape at once: over learning rates, or over starts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from engine.descend import (
    SEED,
    STEPS,
    RateChanges,
    Trajectory,
    checked_rate_changes,
    checked_start,
    constant_rates,
    described,
    find_optimizer,
    rate_of_each_step,
)  # fmt: skip
from engine.program import MAX_STEPS, WINDOW, program
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers.base import Optimizer

BATCH_RUNS = 128
"""How many runs a batch may have; every batch is computed as so many, so that no number of runs compiles anything."""

BATCH_STEPS = WINDOW
"""How many steps of each run a batch keeps at most."""

DIAL_RATES = 121
"""How many learning rates the dial sweeps."""

_STEPS = replace(STEPS, high=BATCH_STEPS, allowed=(0, BATCH_STEPS))


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of one optimizer on one landscape, as NumPy arrays whose first axis is the run.

    Attributes:
        points, losses, gradients: (runs, steps + 1, 2), (runs, steps + 1) and (runs, steps + 1, 2): as in `Trajectory`,
            but row 0 is the run's row `first`. NaN after a run's end.
        costs: (runs, steps), the gradient evaluations that each step takes; None where each takes one.
        lengths: (runs,), the index of each run's last valid row.
        at_rest: (runs,), whether it ended early because a step changed nothing.
        starts: (runs, 2), where each run began, at its row 0 (not `first`).
        learning_rates: (runs,), the rate of each run from `first` on; NaN for an optimizer that has none.
        landscape, parameters, optimizer, settings, steps, seed, rate_changes: what was run, as in `Trajectory`. Runs
            that share their past up to `first` have made it with the rate in `settings` and `rate_changes`.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    starts: np.ndarray
    learning_rates: np.ndarray
    first: int
    steps: int
    seed: int
    rate_changes: RateChanges
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    costs: np.ndarray | None
    lengths: np.ndarray
    at_rest: np.ndarray

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.lengths)

    def run(self, place: int) -> Trajectory:
        """One of the runs by itself.

        Raises:
            ValueError: when the batch does not hold its runs from their starts on.
        """
        if self.first:
            raise ValueError(f"these runs are kept from row {self.first} on, not from their starts")
        x, y = self.starts[place]
        rate = float(self.learning_rates[place])
        return Trajectory(
            landscape=self.landscape, parameters=self.parameters, optimizer=self.optimizer,
            settings={**self.settings, **({} if math.isnan(rate) else {"learning_rate": rate})},
            start=(float(x), float(y)), steps=self.steps, seed=self.seed, rate_changes=(), points=self.points[place],
            losses=self.losses[place], gradients=self.gradients[place],
            costs=None if self.costs is None else self.costs[place],
            length=int(self.lengths[place]), at_rest=bool(self.at_rest[place]),
        )  # fmt: skip


def dial_rates(optimizer: str | Optimizer) -> np.ndarray:
    """The learning rates that the dial sweeps, shape (DIAL_RATES,): evenly spaced on the knob's own scale.

    Raises:
        ValueError: for an unknown optimizer, or one that has no learning rate.
    """
    knob = _rate_knob(find_optimizer(optimizer))
    spaced = np.geomspace if knob.scale == "log" else np.linspace
    return spaced(knob.low, knob.high, DIAL_RATES)


def fan(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    rates: Sequence[float] | np.ndarray,
    start: Sequence[float] | None = None,
    steps: int = BATCH_STEPS,
    seed: int = 0,
    first: int = 0,
    rate_changes: Mapping[int, float] | RateChanges = (),
    **settings: float,
) -> Batch:
    """One run for each learning rate, all from the same start.

    Args:
        landscape: as for `descend`, like every argument that is not explained here.
        optimizer: one that has a learning rate.
        rates: up to BATCH_RUNS learning rates.
        start: where all of them begin.
        steps: how many steps are kept after row `first`, 0 to BATCH_STEPS.
        seed: for all of them.
        first: up to this row the runs are one and the same, that of the settings and the changes before it; from there
            each goes on with its own rate and all that the optimizer remembers.
        rate_changes: those of the past; from `first` on they count no more.
        **settings: what the runs share.

    Raises:
        ValueError: as `descend` does; also for an optimizer without a learning rate, or too many rates.
    """
    surface, method, parameters, knobs = described(landscape, optimizer, settings)
    knob = _rate_knob(method)
    begin = checked_start(surface.start if start is None else start)
    own = np.array([knob.check("learning_rate", float(rate)) for rate in rates])
    changes = tuple(change for change in checked_rate_changes(method, rate_changes) if change[0] < first)
    shared = constant_rates()
    row = int(STEPS.check("first", first))
    if row:
        past = rate_of_each_step(knobs["learning_rate"], changes, row)
        shared = np.concatenate([past, np.ones(MAX_STEPS - row)])
    return _computed(
        surface, method, parameters, knobs, np.tile(begin, (len(own), 1)), own, shared, row, steps, seed, changes
    )


def swarm(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    starts: Sequence[Point] | np.ndarray,
    steps: int = BATCH_STEPS,
    seed: int = 0,
    **settings: float,
) -> Batch:
    """One run from each start, all with the same settings.

    Args:
        landscape: as for `descend`, like every argument that is not explained here.
        optimizer: any.
        starts: up to BATCH_RUNS points.
        steps: 0 to BATCH_STEPS.
        seed: for all of them.
        **settings: what the runs share.

    Raises:
        ValueError: as `descend` does; also for too many starts.
    """
    surface, method, parameters, knobs = described(landscape, optimizer, settings)
    begins = np.array([checked_start(start) for start in starts]).reshape(-1, 2)
    rates = np.full(len(begins), knobs.get("learning_rate", math.nan))
    return _computed(surface, method, parameters, knobs, begins, rates, constant_rates(), 0, steps, seed, ())


def _rate_knob(method: Optimizer) -> Knob:
    if "learning_rate" not in method.knobs:
        raise ValueError(f"{method.key} has no learning rate: it finds the length of its steps itself")
    return method.knobs["learning_rate"]


def _computed(
    surface: Landscape,
    method: Optimizer,
    parameters: Mapping[str, float],
    knobs: Mapping[str, float],
    starts: np.ndarray,
    rates: np.ndarray,
    shared: ArrayLike,
    first: int,
    steps: int,
    seed: int,
    changes: RateChanges,
) -> Batch:
    """The batch, from the one program that computes all batches of an optimizer on a landscape."""
    runs = len(starts)
    if not 1 <= runs <= BATCH_RUNS:
        raise ValueError(f"{runs} runs at once are not allowed: 1 to {BATCH_RUNS}")
    count, number = int(_STEPS.check("steps", steps)), int(SEED.check("seed", seed))
    numbers = np.tile([0.0, 0.0, *parameters.values(), *knobs.values()], (BATCH_RUNS, 1))
    numbers[:, :2] = starts[0]
    numbers[:runs, :2] = starts
    if "learning_rate" in knobs:
        place = 2 + len(parameters) + list(knobs).index("learning_rate")
        numbers[:, place] = rates[0]
        numbers[:runs, place] = rates
    which = np.array([first, first + count, first], np.int32)
    kept, at_rest = program(method, surface)(which, jnp.asarray(shared), numbers)
    rows = np.moveaxis(np.asarray(kept)[: count + 1, :runs], 1, 0)
    ended = np.isnan(rows[:, :, 0])
    lengths = np.where(ended.any(axis=1), np.maximum(ended.argmax(axis=1) - 1, 0), count)
    points = rows[..., :2]
    if not first:
        points = points.copy()
        points[:, 0] = starts  # where the loss at the start is not finite its row is empty
    return Batch(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, starts=starts, learning_rates=rates,
        first=first, steps=count, seed=number, rate_changes=changes, points=points, losses=rows[..., 2],
        gradients=rows[..., 3:5], costs=rows[:, :-1, 5] if rows.shape[2] > 5 else None, lengths=lengths,
        at_rest=np.asarray(at_rest)[:runs] & (lengths < count),
    )  # fmt: skip

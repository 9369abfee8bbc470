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
    Described,
    RateChanges,
    Trajectory,
    batch_size,
    checked_rate_changes,
    checked_start,
    constant_rates,
    described,
    find_optimizer,
    points_of_workers,
    rate_of_each_step,
    settled_from,
)  # fmt: skip
from engine.program import MAX_STEPS, WINDOW, program
from engine.step import columns
from engine.twists import Setting, Twists
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
        learning_rates: (runs,), the rate of each run from `first` on, with a schedule its peak; NaN for an optimizer
            that has none.
        seeds: (runs,), the seed of each run.
        clipped, loss_scales, skipped: (runs, steps), as in `Trajectory`.
        worker_points: (runs, steps + 1, workers, 2), likewise.
        landscape, parameters, optimizer, settings, steps, rate_changes, twists: what was run, as in `Trajectory`. Runs
            that share their past up to `first` have made it with the rate in `settings` and `rate_changes`.
        seed: that of the first run, which is that of all where they do not differ.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    starts: np.ndarray
    learning_rates: np.ndarray
    first: int
    steps: int
    rate_changes: RateChanges
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    costs: np.ndarray | None
    lengths: np.ndarray
    at_rest: np.ndarray
    twists: Twists
    seeds: np.ndarray
    clipped: np.ndarray
    loss_scales: np.ndarray | None
    skipped: np.ndarray
    worker_points: np.ndarray | None

    @property
    def seed(self) -> int:
        """The seed of the first run."""
        return int(self.seeds[0])

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
            start=(float(x), float(y)), steps=self.steps, seed=int(self.seeds[place]), rate_changes=(),
            points=self.points[place], losses=self.losses[place], gradients=self.gradients[place],
            costs=None if self.costs is None else self.costs[place],
            length=int(self.lengths[place]), at_rest=bool(self.at_rest[place]), twists=self.twists,
            clipped=self.clipped[place],
            loss_scales=None if self.loss_scales is None else self.loss_scales[place], skipped=self.skipped[place],
            worker_points=None if self.worker_points is None else self.worker_points[place],
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
    **settings: Setting,
) -> Batch:
    """One run for each learning rate, all from the same start.

    Args:
        landscape: as for `descend`, like every argument that is not explained here.
        optimizer: one that has a learning rate.
        rates: up to BATCH_RUNS learning rates.
        start: where all of them begin.
        steps: how many steps are kept after row `first`, 0 to BATCH_STEPS. A schedule is made for `first` and these,
            unless `schedule_steps` says otherwise.
        seed: for all of them.
        first: up to this row the runs are one and the same, that of the settings and the changes before it; from there
            each goes on with its own rate and all that the optimizer remembers.
        rate_changes: those of the past; from `first` on they count no more.
        **settings: what the runs share.

    Raises:
        ValueError: as `descend` does; also for an optimizer without a learning rate, or too many rates.
    """
    row, count = int(STEPS.check("first", first)), int(_STEPS.check("steps", steps))
    what = described(landscape, optimizer, settings, row + count)
    knob = _rate_knob(what.optimizer)
    begin = checked_start(what.landscape.start if start is None else start)
    own = np.array([knob.check("learning_rate", float(rate)) for rate in rates])
    changes = tuple(change for change in checked_rate_changes(what.optimizer, rate_changes) if change[0] < row)
    shared = constant_rates()
    if row or what.twists.scheduled:
        past = rate_of_each_step(what.knobs["learning_rate"], changes, row)
        shared = np.concatenate([past, np.ones(MAX_STEPS - row)]) * what.twists.shares(MAX_STEPS)
    seeds = np.full(len(own), int(SEED.check("seed", seed)))
    return _computed(what, np.tile(begin, (len(own), 1)), own, seeds, shared, row, count, changes)


def swarm(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    starts: Sequence[Point] | np.ndarray | None = None,
    seeds: Sequence[int] | np.ndarray | None = None,
    steps: int = BATCH_STEPS,
    seed: int = 0,
    **settings: Setting,
) -> Batch:
    """One run from each start, or for each seed, all with the same settings.

    Args:
        landscape: as for `descend`, like every argument that is not explained here.
        optimizer: any.
        starts: up to BATCH_RUNS points; the landscape's own start when not given.
        seeds: one for each start; where there is only one start, each begins there. `seed` for all when not given.
        steps: 0 to BATCH_STEPS.
        seed: for all of them.
        **settings: what the runs share.

    Raises:
        ValueError: as `descend` does; also for too many starts, or another number of seeds than of starts.
    """
    count = int(_STEPS.check("steps", steps))
    what = described(landscape, optimizer, settings, count)
    begins = np.array([checked_start(start) for start in ([what.landscape.start] if starts is None else starts)])
    own = [SEED.check("seed", each) for each in (np.full(len(begins), seed) if seeds is None else seeds)]
    if len(begins) == 1:
        begins = np.repeat(begins, len(own), axis=0)
    if len(begins) != len(own):
        raise ValueError(f"{len(own)} seeds for {len(begins)} starts are not allowed: as many, or one start for all")
    rates = np.full(len(begins), what.knobs.get("learning_rate", math.nan))
    shared = constant_rates()
    if what.twists.scheduled:
        shared = what.twists.shares(MAX_STEPS)
    return _computed(what, begins.reshape(-1, 2), rates, np.array(own, int), shared, 0, count, ())


def _rate_knob(method: Optimizer) -> Knob:
    if "learning_rate" not in method.knobs:
        raise ValueError(f"{method.key} has no learning rate: it finds the length of its steps itself")
    return method.knobs["learning_rate"]


def _computed(
    what: Described,
    starts: np.ndarray,
    rates: np.ndarray,
    seeds: np.ndarray,
    shared: ArrayLike,
    first: int,
    count: int,
    changes: RateChanges,
) -> Batch:
    """The batch, from the one program that computes all batches of an optimizer on a landscape."""
    surface, method, parameters, knobs, twists = what
    runs = len(starts)
    if not 1 <= runs <= BATCH_RUNS:
        raise ValueError(f"{runs} runs at once are not allowed: 1 to {BATCH_RUNS}")
    tail = twists.numbers(0) if twists.of_steps else ()
    numbers = np.tile([0.0, 0.0, *parameters.values(), *knobs.values(), *tail], (BATCH_RUNS, 1))
    differing = {0: starts[:, 0], 1: starts[:, 1]}
    if "learning_rate" in knobs:
        differing[2 + len(parameters) + list(knobs).index("learning_rate")] = rates
    if twists.of_steps:
        differing[numbers.shape[1] - 1] = seeds
    for place, values in differing.items():
        numbers[:, place] = values[0]
        numbers[:runs, place] = values
    which = np.array([first, first + count, settled_from(twists, first), *batch_size(surface, twists)], np.int32)
    kept, at_rest = program(method, surface, twists.kind)(which, jnp.asarray(shared), numbers)
    rows = np.moveaxis(np.asarray(kept)[: count + 1, :runs], 1, 0)
    ended = np.isnan(rows[:, :, 0])
    lengths = np.where(ended.any(axis=1), np.maximum(ended.argmax(axis=1) - 1, 0), count)
    points = rows[..., :2]
    if not first:
        points = points.copy()
        # Where the loss at the start is not finite its row is empty, and a precision may have rounded it.
        points[:, 0] = np.where(twists.narrow & ~ended[:, :1], points[:, 0], starts)
    places = columns(method, twists.kind)

    def flags(column: int | None) -> np.ndarray:
        return np.zeros((runs, count), bool) if column is None else rows[:, :-1, column] == 1

    return Batch(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, starts=starts, learning_rates=rates,
        first=first, steps=count, rate_changes=changes, points=points, losses=rows[..., 2],
        gradients=rows[..., 3:5], costs=None if places.cost is None else rows[:, :-1, places.cost], lengths=lengths,
        at_rest=np.asarray(at_rest)[:runs] & (lengths < count), twists=twists, seeds=seeds,
        clipped=flags(places.clipped), skipped=flags(places.skipped),
        loss_scales=rows[:, :-1, places.scale] if twists.scaled else None,
        worker_points=points_of_workers(rows, twists.workers, places.workers),
    )  # fmt: skip

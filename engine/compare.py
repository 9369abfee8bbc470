"""A fair comparison: the same number of gradient evaluations for all, each at its best rate, and what came of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.batch import BATCH_STEPS, Batch, dial_rates, fan
from engine.descend import Trajectory, descend
from engine.twists import Setting
from knobs import Knob
from landscapes.base import Landscape
from optimizers.base import Optimizer

BUDGET = Knob(
    10, BATCH_STEPS, 300, "log", allowed=(1, BATCH_STEPS), integer=True,
    help="How many gradient evaluations each contender may make. A line search pays for its own.",
)  # fmt: skip
TOLERANCE = Knob(
    1e-12, 0.1, 1e-3, "log", allowed=(1e-15, 1),
    help="A run has arrived when this share of the start's height above the minimum is left, and it stays there.",
)  # fmt: skip

CRITERION = "fewest gradient evaluations to arrive and stay within the tolerance, then lowest final loss"
"""What makes one learning rate better than another; of equally good ones the smallest is taken."""


@dataclass(frozen=True, eq=False)
class Measures:
    """What runs came to within a budget of gradient evaluations; every array has shape (runs,).

    Attributes:
        lengths: the last row that the budget reaches, or that the run has.
        spent: the gradient evaluations made, those of a step that broke the run among them.
        diverged: whether the run ended within the budget because its next row would not be finite.
        steps, evaluations: how many of each until the loss stays within the tolerance; inf when it does not, when
            the run diverges, and where no minimum is known.
        losses: the loss at the last row; inf for a run that diverged.
        rose: whether the run ended higher than it began, as all that diverge do.
        distances: from there to the nearest known minimum; NaN where none is known, inf for a run that diverged.
        paths: the length of the way from the start.
        overshoots: how many steps began downhill and ended uphill: past the lowest point on their own line.
    """

    lengths: np.ndarray
    spent: np.ndarray
    diverged: np.ndarray
    steps: np.ndarray
    evaluations: np.ndarray
    losses: np.ndarray
    rose: np.ndarray
    distances: np.ndarray
    paths: np.ndarray
    overshoots: np.ndarray


@dataclass(frozen=True)
class Tuned:
    """The best of the dial's learning rates.

    Attributes:
        rate: the learning rate.
        evaluations: gradient evaluations until the run with it has arrived; None when it does not.
        at_end: whether it is the dial's first or last, so that a better one may lie beyond.
    """

    rate: float
    evaluations: int | None
    at_end: bool


def contend(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    budget: int,
    start: Sequence[float] | None = None,
    seed: int = 0,
    **settings: Setting,
) -> Trajectory:
    """The run of an optimizer for a budget of gradient evaluations; its `steps` are those that fit.

    Raises:
        ValueError: as `descend` does; also for a budget that is not a whole number from 1 to BATCH_STEPS.
    """
    count = int(BUDGET.check("budget", budget))
    whole = descend(landscape, optimizer, start=start, steps=count, seed=seed, rate_changes=(), **settings)
    last = int(_last_rows(_as_rows(whole), count)[0])
    return replace(
        whole, steps=last, points=whole.points[: last + 1], losses=whole.losses[: last + 1],
        gradients=whole.gradients[: last + 1], costs=None if whole.costs is None else whole.costs[:last],
        length=min(whole.length, last), clipped=whole.clipped[:last], skipped=whole.skipped[:last],
        loss_scales=None if whole.loss_scales is None else whole.loss_scales[:last],
        worker_points=None if whole.worker_points is None else whole.worker_points[: last + 1],
    )  # fmt: skip


def tuned(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    budget: int,
    tolerance: float,
    start: Sequence[float] | None = None,
    seed: int = 0,
    **settings: Setting,
) -> Tuned:
    """The best learning rate of the dial for this surface, start and budget, by the CRITERION.

    A run that diverges comes after all that do not.

    Raises:
        ValueError: as `contend` does; also for an optimizer without a learning rate.
    """
    rates = dial_rates(optimizer)
    count = int(BUDGET.check("budget", budget))
    runs = fan(
        landscape, optimizer, rates=rates, start=start, steps=count, seed=seed, first=0, rate_changes=(), **settings
    )
    came_to = measure(runs, budget=count, tolerance=tolerance)
    best = int(np.lexsort((rates, came_to.losses, came_to.evaluations))[0])
    arrived = float(came_to.evaluations[best])
    return Tuned(float(rates[best]), int(arrived) if math.isfinite(arrived) else None, best in (0, len(rates) - 1))


def measure(runs: Trajectory | Batch, *, budget: int, tolerance: float) -> Measures:
    """What runs from their starts on came to within a budget; a trajectory is one run.

    `tolerance` is a share of the loss at each start above the landscape's minimum.
    """
    share = TOLERANCE.check("tolerance", tolerance)
    rows = _as_rows(runs)
    afforded = _last_rows(rows, budget)
    last = np.minimum(afforded, rows.lengths)
    number = np.arange(rows.losses.shape[1])
    valid = number <= last[:, None]
    every, ends = np.arange(len(last)), (np.arange(len(last)), last)
    diverged = _broken(rows) & (afforded > rows.lengths)
    diverged |= ~np.isfinite(rows.losses[:, 0])
    spent = _spent(rows)

    landscape = runs.landscape.at(runs.parameters)
    minimum = landscape.minimum
    steps = np.full(len(last), math.inf)
    if minimum is not None:
        level = minimum + share * (rows.losses[:, 0] - minimum)
        above = valid & ~(rows.losses <= level[:, None])
        steps = np.where(above, number + 1, 0).max(axis=1).astype(float)
        steps[(steps > last) | diverged] = math.inf
    arrived = np.isfinite(steps)
    evaluations = np.where(arrived, spent[every, np.where(arrived, steps, 0).astype(int)], math.inf)

    with np.errstate(over="ignore", invalid="ignore"):
        moves = np.diff(rows.points, axis=1)
        paths = np.where(valid[:, 1:], np.hypot(moves[..., 0], moves[..., 1]), 0).sum(axis=1)
        before = (rows.gradients[:, :-1] * moves).sum(axis=2)
        after = (rows.gradients[:, 1:] * moves).sum(axis=2)
    return Measures(
        lengths=last,
        spent=spent[every, afforded],
        diverged=diverged,
        steps=steps,
        evaluations=evaluations,
        losses=np.where(diverged, math.inf, rows.losses[ends]),
        rose=diverged | (rows.losses[ends] > rows.losses[:, 0]),
        distances=np.where(diverged, math.inf, _distances(landscape, rows.points[ends])),
        paths=paths,
        overshoots=(valid[:, 1:] & (before < 0) & (after > 0)).sum(axis=1),
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of one run or of many, with a leading axis of runs."""

    points: np.ndarray  # (runs, rows, 2)
    losses: np.ndarray  # (runs, rows)
    gradients: np.ndarray  # (runs, rows, 2)
    costs: np.ndarray  # (runs, rows - 1)
    lengths: np.ndarray  # (runs,)
    at_rest: np.ndarray  # (runs,)


def _as_rows(runs: Trajectory | Batch) -> _Rows:
    each = runs.twists.workers  # every worker pays for its own gradient
    if isinstance(runs, Trajectory):
        costs = each * (np.ones(runs.steps) if runs.costs is None else runs.costs)
        return _Rows(
            runs.points[None], runs.losses[None], runs.gradients[None], costs[None], np.array([runs.length]),
            np.array([runs.at_rest]),
        )  # fmt: skip
    costs = each * (np.ones((len(runs), runs.steps)) if runs.costs is None else runs.costs)
    return _Rows(runs.points, runs.losses, runs.gradients, costs, runs.lengths, runs.at_rest)


def _broken(rows: _Rows) -> np.ndarray:
    """Whether each run ended because its next row would not be finite."""
    return (rows.lengths < rows.losses.shape[1] - 1) & ~rows.at_rest


def _spent(rows: _Rows) -> np.ndarray:
    """The gradient evaluations made to reach each row, shape (runs, rows); the step that broke a run counts too."""
    made = np.arange(rows.costs.shape[1]) < (rows.lengths + _broken(rows))[:, None]
    costs = np.where(made & np.isfinite(rows.costs), rows.costs, 0)
    return np.concatenate([np.zeros((len(costs), 1)), np.cumsum(costs, axis=1)], axis=1)


def _last_rows(rows: _Rows, budget: int) -> np.ndarray:
    """The last row that each run may reach with a budget."""
    return (_spent(rows) <= budget).sum(axis=1) - 1


def _distances(landscape: Landscape, points: np.ndarray) -> np.ndarray:
    """From points, shape (runs, 2), to the nearest known minimum."""
    minima = np.array((*landscape.minima, *landscape.local_minima), float)
    if not len(minima):
        return np.full(len(points), math.nan)
    with np.errstate(over="ignore"):
        return np.hypot(*np.moveaxis(points[:, None] - minima, -1, 0)).min(axis=1)

"""Runs of an optimizer down a landscape: jitted optax steps to a `Trajectory`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from engine.field import find_landscape
from engine.program import MAX_STEPS, WINDOW, program
from engine.stationary import is_at_minimum
from engine.step import columns
from engine.twists import PLAIN, Setting, Twists, checked_twists, mini_batches
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers.base import OPTIMIZERS, Optimizer

STEPS = Knob(10, MAX_STEPS, 500, "log", allowed=(0, MAX_STEPS), integer=True, help="How many updates the run makes.")
SEED = Knob(0, 999, 0, allowed=(0, 2**31 - 1), integer=True, help="Where random numbers begin.")
COORDINATE = Knob(
    -1e6, 1e6, 0, allowed=(-1e100, 1e100), help="Where the run begins. A click on the plane sets both coordinates."
)

Status = Literal["running", "converged", "diverged"]
RateChanges = tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run, as NumPy arrays, with the settings that made it.

    Attributes:
        points: (steps + 1, 2), the iterates; row 0 is the start. NaN after the run ended.
        losses: (steps + 1,), the loss AT each point.
        gradients: (steps + 1, 2), the gradient at each point.
        costs: (steps,), the gradient evaluations that each step takes, each worker; None where each takes one.
        length: index of the last valid row; `steps` unless the run ended early.
        at_rest: whether it ended early because a step changed nothing, so that no further step would.
        landscape, parameters, optimizer, settings, start, steps, seed: what was run, every number filled in.
        rate_changes: (step, learning rate) in the order of the steps: from that row on steps are made with that rate,
            and where a schedule is on that is its peak.
        twists: the schedule, and what else is done beside the optimizer's rule.
        clipped: (steps,), whether the gradient was clipped for each step.
        loss_scales: (steps,), what the loss was multiplied by while its gradient was taken; None where it never is.
        skipped: (steps,), whether a step was left out, since the scaled gradient overflowed.
        worker_points: (steps + 1, workers, 2), where each worker is whose mean is the point, or where the step to that
            row would have led each alone if they share the gradients; NaN where the run is. None for one worker.
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
    twists: Twists
    clipped: np.ndarray
    loss_scales: np.ndarray | None
    skipped: np.ndarray
    worker_points: np.ndarray | None

    @cached_property
    def learning_rates(self) -> np.ndarray:
        """The rate of each step, shape (steps,), as the schedule has it; NaN for an optimizer that has none."""
        return self.rates(self.steps)

    def rates(self, count: int) -> np.ndarray:
        """The same for the first `count` steps, shape (count,), those that would follow the run's last among them."""
        rate = self.settings.get("learning_rate", math.nan)
        return rate_of_each_step(rate, self.rate_changes, count) * self.twists.shares(count)

    @property
    def peak_rate(self) -> float:
        """The learning rate of the last steps, of which a schedule takes its shares; NaN for an optimizer without."""
        rate = self.settings.get("learning_rate", math.nan)
        return float(rate_of_each_step(rate, self.rate_changes, max(1, self.steps))[-1])

    @cached_property
    def epochs(self) -> np.ndarray:
        """The step at which each epoch begins; none on a landscape without data."""
        examples = self.landscape.examples
        if not examples:
            return np.zeros(0, int)
        return np.arange(0, self.steps, math.ceil(examples / (self.twists.batch_size or examples)))

    @cached_property
    def mini_batches(self) -> np.ndarray:
        """Which examples each step looks at, shape (steps, examples), bool; of several workers any of them."""
        each = (mini_batches(self.landscape, self.twists, self.seed, self.steps, k) for k in range(self.twists.workers))
        return np.logical_or.reduce(list(each))

    @cached_property
    def evaluations(self) -> np.ndarray:
        """How many gradients were evaluated to reach each row, shape (steps + 1,): 0 at the start.

        A line search pays for its trials and Newton's method for its Hessian (docs/model.md); a mini-batch's gradient
        counts as one, and so does each worker's. The rows after the run's end repeat the last number. The gradient at
        the last row is not counted: no step was made with it.
        """
        costs = self.twists.workers * (np.ones(self.steps) if self.costs is None else self.costs)
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
    **settings: Setting,
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
        **settings: the optimizer's knobs and the landscape's parameters by name; the rest keep their defaults. And what
            every run takes: `schedule` (a key of SCHEDULES) with its knobs and `schedule_steps`, how many steps it is
            made for, if not the run's; `clip_norm` and `clip_value`; `weight_decay` (decoupled) and `l2`; `noise` with
            its `noise_decay`, and `temperature`; `batch_size` on a landscape with data; `precision` ("float64",
            "float32", "bfloat16", "float16") with `loss_scaling` ("none", "static", "dynamic"), its `loss_scale` and
            `scale_growth`; `workers`, their `local_steps` and their `delay`. `engine.twists` says what each is,
            docs/model.md in which order they act.

    Returns:
        The trajectory. Divergence is a result: the rows after it are NaN and `status` says so.

    Raises:
        ValueError: for an unknown key or name, a value that is not allowed, or a start that is not two finite numbers;
            the message names the value and what is allowed.
    """
    count, number = int(STEPS.check("steps", steps)), int(SEED.check("seed", seed))
    what = described(landscape, optimizer, settings, count)
    surface, method, parameters, knobs, twists = what
    first = checked_start(surface.start if start is None else start)
    changes = checked_rate_changes(method, rate_changes) if rate_changes else ()

    places = columns(method, twists.kind)
    run, at_rest = _rows(what, places.width, first, count, changes, number)
    length = max(0, int(np.isnan(run[:, 0]).argmax()) - 1) if math.isnan(run[-1, 0]) else count
    if not twists.narrow or math.isnan(run[0, 0]):
        run[0, :2] = first
    return Trajectory(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, start=first, steps=count,
        seed=number, rate_changes=changes, points=run[:, :2], losses=run[:, 2], gradients=run[:, 3:5],
        costs=None if places.cost is None else run[:-1, places.cost], length=length,
        at_rest=length < count and at_rest, twists=twists, clipped=_flags(run, places.clipped),
        loss_scales=run[:-1, places.scale] if twists.scaled else None, skipped=_flags(run, places.skipped),
        worker_points=points_of_workers(run, twists.workers, places.workers),
    )  # fmt: skip


def _flags(run: np.ndarray, column: int | None) -> np.ndarray:
    """Which steps of a run have a 1 in a column, shape (steps,); none where there is no such column."""
    return np.zeros(len(run) - 1, bool) if column is None else run[:-1, column] == 1


def points_of_workers(rows: np.ndarray, workers: int, column: int | None) -> np.ndarray | None:
    """Where each worker is at each row, from rows of shape (..., width) to (..., workers, 2); None for one worker."""
    if workers == 1 or column is None:
        return None
    return rows[..., column : column + 2 * workers].reshape(*rows.shape[:-1], workers, 2)


class Described(NamedTuple):
    """What a run is made of beside its start, its steps and its seed, every number checked and filled in."""

    landscape: Landscape
    optimizer: Optimizer
    parameters: dict[str, float]
    knobs: dict[str, float]
    twists: Twists


def _rows(
    what: Described, width: int, start: Point, steps: int, changes: RateChanges, seed: int
) -> tuple[np.ndarray, bool]:
    """The rows of one run, shape (steps + 1, width), and whether it came to rest.

    A run longer than a window is made again for each further one: that takes a millisecond or two, and spares every
    other run the memory of the longest.
    """
    surface, method, parameters, knobs, twists = what
    shared = bool(changes) or steps > WINDOW or twists.scheduled
    rates = constant_rates()
    if shared:
        rates = rate_of_each_step(knobs.get("learning_rate", 1.0), changes, MAX_STEPS) * twists.shares(MAX_STEPS)
    own = {**knobs, "learning_rate": 1.0} if shared and "learning_rate" in knobs else knobs
    tail = twists.numbers(seed) if twists.of_steps else ()
    numbers = np.array([[*start, *parameters.values(), *own.values(), *tail]])
    compiled, size = program(method, surface, twists.kind), batch_size(surface, twists)
    settled = settled_from(twists, changes[-1][0] if changes else 0)
    windows, first, ended, at_rest = [], 0, False, False
    while first <= steps and not ended:
        last = min(first + WINDOW, steps)
        rows, resting = compiled(_which(first, last, settled, *size), rates, numbers)
        windows.append(np.asarray(rows)[: last - first + 1, 0])
        ended = math.isnan(windows[-1][-1, 0])
        at_rest = ended and bool(np.asarray(resting)[0])
        first = last + 1
    if first <= steps:
        windows.append(np.full((steps + 1 - first, width), np.nan))
    run = np.concatenate(windows)
    return run, at_rest


def described(
    landscape: str | Landscape, optimizer: str | Optimizer, settings: Mapping[str, Setting], steps: int
) -> Described:
    """The two entries, the landscape's parameters, the optimizer's knobs and the twists of a run of so many steps.

    Raises:
        ValueError: for an unknown key or name, or a value that is not allowed.
    """
    surface, method = find_landscape(landscape), find_optimizer(optimizer)
    parameters, knobs = filled_in(surface.parameters, settings), filled_in(method.knobs, settings)
    rest = {name: settings[name] for name in set(settings) - set(knobs) - set(parameters)}
    twists = checked_twists(method, surface, rest, steps) if rest else PLAIN
    if surface.step_loss is not None:
        twists = replace(twists, varying=True)
    return Described(surface, method, parameters, knobs, twists)


def batch_size(surface: Landscape, twists: Twists) -> tuple[int, ...]:
    """What a twisted program is told beside the rows: how many examples a step looks at, 1 where there are none."""
    return (twists.batch_size or max(1, surface.examples), *twists.team) if twists.of_steps else ()


def settled_from(twists: Twists, row: int) -> int:
    """From which row on a run that a step leaves unchanged is over: never where the next one may yet move it.

    Old gradients may, or what is yet to be trained; and by rounding everything may stand still but the number of steps,
    by which averages are corrected for their bias.
    """
    twisted = twists.random or twists.narrow or twists.in_team or twists.varying
    moves = twists.scheduled or (twists.of_steps and twisted)
    return MAX_STEPS + 1 if moves else row


def rate_of_each_step(rate: float, changes: RateChanges, steps: int) -> np.ndarray:
    """The learning rate with which each step is made, shape (steps,)."""
    rates = np.full(steps, rate)
    for step, changed in changes:
        rates[step:] = changed
    return rates


@lru_cache(maxsize=64)
def _which(first: int, last: int, settled: int, *size: int) -> jax.Array:
    """What a program is told in whole numbers, kept where it reads them: handing them over took 6 us of a run's 69."""
    return jnp.array([first, last, settled, *size], jnp.int32)


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


def filled_in(knobs: Mapping[str, Knob], settings: Mapping[str, object]) -> dict[str, float]:
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

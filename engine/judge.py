"""What runs come to, over arrays of runs: the measures of a path, and the one verdict that follows from them.

`engine.diagnose` is the face of this module; docs/model.md writes the definitions out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from engine.batch import BATCH_RUNS
from engine.field import hessian_matrices
from engine.stationary import NEAR, Curvatures, curvatures, grounds, shorter_side
from landscapes.base import Landscape
from optimizers.base import Optimizer

Verdict = Literal[
    "converged", "crawling", "overshooting", "circling", "diverged", "saddle", "local minimum", "plateau", "wandering",
    "descending",
]  # fmt: skip

SAMPLED = 8
"""At how many rows of a run, its first and last among them, the Hessian is looked at."""

PAIRS = 8
"""How many pairs of consecutive steps decide whether steps go against each other: the last ones."""

MOST = 6
"""How many of them have to be."""

FEWEST_PAIRS = 3
"""With fewer pairs nothing is said about them; where there are fewer than `PAIRS` all of them have to."""

STILL = 1e-10
"""A step shorter than this share of the domain's shorter side is rounding, not a swing."""

FEWEST_STEPS = 12
"""In a shorter run nothing can be said about its course."""

UNABATED = 0.95
"""The share of a quarter's way that the next quarter has to go for the motion not to have abated."""

UNABATED_BY_CHANCE = 0.8
"""The same for a run with random steps, whose lengths add up to some 5 or 10 % more or less by chance."""

GAIN = 0.1
"""The share of its own ups and downs by which the loss has to fall from quarter to quarter to get lower."""

STAYS = 0.25
"""The share of its width by which the middle of the motion may shift from quarter to quarter when it gets nowhere."""

AHEAD = 4
"""How many rows ahead a path is foretold from where it last was nearest to its place."""

PAST = 3
"""How many of the rows before a place count with it, since an optimizer's memory is not in its place."""

ASKED = 32
"""At how many of its last rows."""

REMEMBERED = 128
"""From how many of its last rows."""

REPEATS = 0.2
"""How wrong that may be, as a share of the motion's spread, for the motion to count as going round."""

GROWS = 1e-3
"""The share by which the loss has to rise from quarter to quarter for it to count as growing."""

LOST = 10
"""How many sides off the map is too far to count as on the way."""

SHORT = 0.1
"""Below this share of 1/λ, the rate that would be right along the steepest direction, steps crawl."""

FAR = 4
"""How many times as far as it has come a run still has to go for it to crawl, where no sharpness tells."""

STRAIGHT = 0.9
"""The cosine between consecutive steps from which a path counts as straight."""

LOWEST = 1e-6
"""How far above the known minimum, as a share of max(1, |minimum|), another minimum counts as not the lowest."""


@dataclass(frozen=True, eq=False)
class Runs:
    """What is judged: the arrays of `Batch` (one or more runs), and what made them.

    `rates`, shape (runs,), is the learning rate of each run's last step, or the peak that a schedule had it a share of;
    NaN where there is none. `random` says whether chance has a part in the steps.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    rates: np.ndarray
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    lengths: np.ndarray
    at_rest: np.ndarray
    random: bool

    @cached_property
    def coordinates(self) -> np.ndarray:
        """The points with the coordinate first, shape (2, runs, rows): reductions over rows are fast then."""
        return np.ascontiguousarray(np.moveaxis(self.points, -1, 0))

    @cached_property
    def steps(self) -> np.ndarray:
        """Each step as a vector, shape (2, runs, rows - 1); NaN after a run's end."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.coordinates[..., 1:] - self.coordinates[..., :-1]

    @cached_property
    def sizes(self) -> np.ndarray:
        """The length of each step, shape (runs, rows - 1)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.hypot(*self.steps)

    @property
    def ends(self) -> np.ndarray:
        """The last point of each run, shape (runs, 2)."""
        return self.points[np.arange(len(self.points)), self.lengths]


class Growth(NamedTuple):
    """Why a run counts as diverged, shape (runs,) of bool each; none of them when it does not."""

    overflows: np.ndarray  # its numbers do not stay finite
    climbs: np.ndarray  # its loss grows for good
    is_lost: np.ndarray  # it is far off the map, higher than it began, and not coming back
    runs_away: np.ndarray  # it has left the map, and its loss falls without end

    @property
    def diverged(self) -> np.ndarray:
        """Whether any of them holds."""
        return np.any(self, axis=0)


class Swings(NamedTuple):
    """Consecutive steps along the two directions of curvature at the end: steepest first, each (runs, 2)."""

    flips: np.ndarray  # how many of the pairs that count are against each other
    pairs: np.ndarray  # how many pairs count, at most PAIRS
    swelling: np.ndarray  # the last swing over the one half the pairs earlier

    @property
    def overshoot(self) -> np.ndarray:
        """Whether most pairs are against each other, in either direction, shape (runs,)."""
        return self.by_direction[:, 0] | self.by_direction[:, 1]

    @property
    def by_direction(self) -> np.ndarray:
        """The same for each direction, shape (runs, 2)."""
        enough = np.where(self.pairs < PAIRS, self.pairs, MOST)
        return np.logical_and(self.pairs >= FEWEST_PAIRS, self.flips >= enough)


class Judgement(NamedTuple):
    """The verdict of each run and what it rests on; arrays of shape (runs,) unless said."""

    verdicts: np.ndarray  # of `Verdict`
    ground: np.ndarray  # of `Ground`, at the end
    growth: Growth
    swings: Swings
    end: Curvatures  # at the end
    sharpest: np.ndarray  # the largest eigenvalue at the sampled rows


def judge(runs: Runs) -> Judgement:
    """The verdict of each run, and the measures that it follows from; each run by its own rows alone."""
    each = np.arange(len(runs.points))
    rows = np.rint(runs.lengths[:, None] * np.linspace(0, 1, SAMPLED)).astype(int)
    sampled = runs.points[each[:, None], rows]
    # As many runs always, one or BATCH_RUNS, so that their number compiles nothing.
    full = np.resize(each, BATCH_RUNS) if len(each) > 1 else each
    matrices = hessian_matrices(runs.landscape, sampled[full].reshape(-1, 2), **runs.parameters)
    matrices = matrices.reshape(-1, SAMPLED, 2, 2)[each]
    along = curvatures(matrices)
    end = Curvatures(*(values[:, -1] for values in along))
    ends = runs.gradients[each, runs.lengths]
    ground = grounds(runs.landscape, runs.ends[full], ends[full], matrices[full, -1], **runs.parameters)[each]
    with np.errstate(all="ignore"):
        swings = _swings(runs, end)
        growth = _growth(runs, swings)
        restless, recurring = _motion(runs)
        sharpest = np.nanmax(np.where(np.isfinite(along.high), along.high, -np.inf), axis=1)
        crawls = _crawls(runs, sharpest)
        lowest = _is_lowest(runs, end)
    settled = ~growth.diverged & ~restless
    told = np.select(
        [
            growth.diverged,
            restless & recurring,
            restless,
            settled & (ground == "saddle"),
            settled & (ground == "plateau") & _lingers(runs),
            settled & (ground == "minimum") & ~lowest,
            swings.overshoot & (not runs.random),  # by chance steps go against each other all the time
            ground == "minimum",
            crawls,
        ],
        [
            "diverged", "circling", "wandering", "saddle", "plateau", "local minimum", "overshooting", "converged",
            "crawling",
        ],
        "descending",
    )  # fmt: skip
    return Judgement(told, ground, growth, swings, end, sharpest)


def effective_rate(optimizer: Optimizer, settings: Mapping[str, float]) -> float | None:
    """What a learning rate is multiplied by along a steady slope; None where steps are not in units of the slope."""
    if optimizer.key == "gradient_descent":
        return 1.0
    if optimizer.key in ("momentum", "nesterov"):
        return 1 / (1 - settings["momentum"])
    return None


def _swings(runs: Runs, end: Curvatures) -> Swings:
    """The last pairs of consecutive steps that are swings, not rounding, up to where the run has arrived."""
    x, y = runs.coordinates
    each = np.arange(len(x))
    count = x.shape[1] - 1
    side = shorter_side(runs.landscape)
    if count < 2:
        nothing = np.zeros((len(each), 2))
        return Swings(nothing, nothing, nothing)
    last_x, last_y = runs.ends.T[..., None]
    away = np.maximum(np.abs(x - last_x), np.abs(y - last_y)) > NEAR * side
    arrived = count + 1 - away[:, ::-1].argmax(axis=1)
    arrived = np.where(away.any(axis=1), arrived, 0)  # the first row from which it stays near its end
    before = np.arange(count - 1) <= arrived[:, None] + 1
    measured = []
    for direction, axis in ((end.high_direction, (1.0, 0.0)), (end.low_direction, (0.0, 1.0))):
        across, along = np.where(np.isfinite(direction), direction, axis).T[..., None]
        swing = runs.steps[0] * across + runs.steps[1] * along
        counts = np.abs(swing) > STILL * side
        pairs = counts[:, 1:] & counts[:, :-1] & before
        backward = swing < 0
        place = np.cumsum(pairs, axis=1, dtype=np.int32)
        total = place[:, -1]
        pairs &= place > total[:, None] - PAIRS
        flips = np.count_nonzero(pairs & (backward[:, 1:] != backward[:, :-1]), axis=1)
        first, last = pairs.argmax(axis=1), count - 2 - pairs[:, ::-1].argmax(axis=1)
        measured.append((flips, np.minimum(total, PAIRS), np.abs(swing[each, last + 1] / swing[each, first])))
    return Swings(*(np.stack(values, axis=1) for values in zip(*measured, strict=True)))


def _quarters(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The second, third and last quarter of the rows, on the last axis; NaN in what did not run that long."""
    length = max(1, values.shape[-1] // 4)
    return values[..., -3 * length : -2 * length], values[..., -2 * length : -length], values[..., -length:]


def _growth(runs: Runs, swings: Swings) -> Growth:
    last = runs.points.shape[1] - 1
    each = np.arange(len(runs.points))
    overflows = ~np.isfinite(runs.losses[:, 0]) | ((runs.lengths < last) & ~runs.at_rest)
    if last < FEWEST_STEPS:
        no = np.zeros_like(overflows)
        return Growth(overflows, no, no, no)
    first, final = runs.losses[:, 0], runs.losses[each, runs.lengths]

    second, third, fourth = _quarters(runs.losses)
    tops = [quarter.max(axis=1) for quarter in (second, third, fourth)]
    known = runs.landscape.at(runs.parameters).minimum
    base = np.nanmin(runs.losses, axis=1) if known is None else known
    rises = fourth.min(axis=1) > tops[1]
    faster = tops[2] - tops[1] > np.maximum(tops[1] - tops[0], GROWS * np.maximum(tops[1] - base, 0))
    swelling = (swings.by_direction & (swings.swelling > 1)).any(axis=1)
    climbs = rises & faster & ((final > first) | swelling)

    (left, right), (bottom, top) = runs.landscape.domain
    x, y = runs.coordinates
    off = np.hypot(np.maximum(np.maximum(left - x, x - right), 0), np.maximum(np.maximum(bottom - y, y - top), 0))
    _, off_third, off_fourth = _quarters(off)
    leaving = off_fourth.mean(axis=1) > off_third.mean(axis=1)
    nearest = off[:, -1] <= off_fourth.min(axis=1)  # then it is on its way back
    is_lost = ~nearest & (off[:, -1] > LOST * max(right - left, top - bottom)) & (final > first)

    falls = [quarter.mean(axis=1) for quarter in (second, third, fourth)]
    drop_before, drop = falls[0] - falls[1], falls[1] - falls[2]
    below = True if known is None else final < known - LOWEST * max(1, abs(known))
    runs_away = leaving & (off[:, -1] > 0) & (drop > 0) & (drop >= drop_before) & below
    return Growth(overflows, climbs, is_lost & ~overflows, runs_away & ~overflows)


def _motion(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """Whether each run keeps moving without getting anywhere, and whether it then comes back to where it was."""
    if runs.sizes.shape[1] < FEWEST_STEPS:
        no = np.zeros(len(runs.points), bool)
        return no, no
    rows = runs.points.shape[1]
    restless = _gets_nowhere(runs, rows // 4) | _gets_nowhere(runs, rows // 8)
    recurring = np.zeros_like(restless)
    if restless.any():
        recurring[restless] = _repeat(runs.points[restless, -max(rows // 2, FEWEST_STEPS) :])
    return restless, recurring


def _gets_nowhere(runs: Runs, rows: int) -> np.ndarray:
    """Whether in its last rows each run moves as much, in the same place and at the same height, as in those before."""
    before, after = slice(-2 * rows, -rows), slice(-rows, None)
    a, b = runs.coordinates[..., before], runs.coordinates[..., after]
    width = np.hypot(*(b.max(axis=2) - b.min(axis=2)))
    shift = np.hypot(*(b.mean(axis=2) - a.mean(axis=2)))
    ways = [runs.sizes[:, part].sum(axis=1) for part in (before, after)]
    high, low = runs.losses[:, before], runs.losses[:, after]
    both = runs.losses[:, -2 * rows :]
    fall = high.mean(axis=1) - low.mean(axis=1)
    return (
        (width > NEAR * shorter_side(runs.landscape))
        & (shift <= STAYS * width)
        & (ways[1] >= (UNABATED_BY_CHANCE if runs.random else UNABATED) * ways[0])
        & (fall <= GAIN * (both.max(axis=1) - both.min(axis=1)) + 1e-9 * np.abs(low.mean(axis=1)))
    )


def _repeat(paths: np.ndarray) -> np.ndarray:
    """Whether each path, shape (runs, rows, 2), goes on as it did when it last was where it is, as on a round.

    For each of the last rows the nearest of the rows before is looked up (analogues, Lorenz 1969,
    doi:10.1175/1520-0469(1969)26<636:APARBN>2.0.CO;2), and where the two are `AHEAD` rows later is compared.
    """
    paths = paths[:, -REMEMBERED:] - paths[:, -REMEMBERED:].mean(axis=1, keepdims=True)
    rows = paths.shape[1] - PAST
    known = np.concatenate([paths[:, lag : rows + lag] for lag in range(PAST + 1)], axis=2)  # a place and the way there
    now = np.arange(max(rows // 2, rows - AHEAD - ASKED), rows - AHEAD)
    apart = np.sum(known**2, axis=2)[:, None] - 2 * known[:, now] @ np.swapaxes(known, 1, 2)
    apart[:, np.arange(rows) > now[:, None] - AHEAD] = np.inf
    then = apart.argmin(axis=2)
    missed = known[:, now + AHEAD] - known[np.arange(len(known))[:, None], then + AHEAD]
    return np.median(np.sum(missed**2, axis=2), axis=1) <= REPEATS**2 * np.sum(known**2, axis=2).mean(axis=1)


def _crawls(runs: Runs, sharpest: np.ndarray) -> np.ndarray:
    """Whether each run, which has not arrived, would gain from a rate ten times as high."""
    unmoved = (runs.lengths == 0) & runs.at_rest
    count = runs.sizes.shape[1]
    if not count:
        return unmoved
    if "learning_rate" not in runs.optimizer.knobs:
        return unmoved
    last, sizes = runs.steps[..., -(count // 2) :], runs.sizes[:, -(count // 2) :]
    cosines = np.sum(last[..., 1:] * last[..., :-1], axis=0) / (sizes[:, 1:] * sizes[:, :-1])
    straight = np.where(np.isfinite(cosines), cosines, 0).sum(axis=1) >= STRAIGHT * cosines.shape[1]
    way, to_go = ways_to_go(runs)
    short = straight & (to_go >= FAR * way)
    scale = effective_rate(runs.optimizer, runs.settings)
    if scale is None:
        return unmoved | short
    return unmoved | np.where(sharpest > 0, runs.rates * scale * sharpest < SHORT, short)


def ways_to_go(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """How far each run has come from its first row, and how far it is to the nearest known minimum, shape (runs,) each.

    Where no minimum is known half the map's shorter side stands for the distance.
    """
    landscape = runs.landscape.at(runs.parameters)
    minima = (*landscape.minima, *landscape.local_minima)
    apart = [np.hypot(*(runs.ends - np.array(place)).T) for place in minima]
    half = np.full(len(runs.points), shorter_side(runs.landscape) / 2)
    return np.hypot(*(runs.ends - runs.points[:, 0]).T), np.min(apart, axis=0) if apart else half


def _lingers(runs: Runs) -> np.ndarray:
    """Whether each run spends its last quarter in one place, no further across than a hundredth of the map."""
    last = _quarters(runs.coordinates)[2]
    width = np.hypot(*(last.max(axis=2) - last.min(axis=2)))
    return runs.at_rest | (width <= 1e-2 * shorter_side(runs.landscape))


def _is_lowest(runs: Runs, end: Curvatures) -> np.ndarray:
    """Whether the minimum that each run is at is no higher than the known one."""
    known = runs.landscape.at(runs.parameters).minimum
    if known is None:
        return np.ones(len(runs.points), bool)
    each = np.arange(len(runs.points))
    near = [np.hypot(*(runs.ends - np.array(place)).T) for place in runs.landscape.at(runs.parameters).minima]
    gradients = runs.gradients[each, runs.lengths]
    floor = runs.losses[each, runs.lengths]
    for curvature, direction in ((end.low, end.low_direction), (end.high, end.high_direction)):
        slope = np.sum(gradients * direction, axis=1)
        floor = floor - np.where(curvature > 0, slope**2 / curvature / 2, 0)
    within = np.min(near, axis=0) <= NEAR * shorter_side(runs.landscape)
    return within | (floor <= known + LOWEST * max(1, abs(known)))

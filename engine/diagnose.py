"""One verdict on a run, with its reason in a sentence and its evidence in numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from engine.batch import Batch
from engine.descend import Trajectory
from engine.field import hessian_matrices
from engine.judge import STILL, Judgement, Runs, Verdict, effective_rate, judge, ways_to_go
from engine.program import MAX_STEPS
from engine.stationary import NEAR, curvatures, shorter_side
from engine.twin import lost_steps, misfit
from engine.words import number, point

Evidence = dict[str, Any]  # a float, or a tuple of steps


@dataclass(frozen=True)
class Diagnosis:
    """What a run came to.

    Attributes:
        verdict: one of `Verdict`; docs/model.md defines each.
        reason: why, in one or two sentences with the numbers in them.
        evidence: those numbers by name, unrounded; steps and rows count from 0, the start. Of these, what applies:
            `learning_rate` of the last step; `loss` and `gradient_norm` at the end; `low_curvature` and
            `high_curvature`, the eigenvalues of the Hessian there; `sharpest`, the largest one along the path;
            `product`, the learning rate times the sharpness at row `product_row`, and `limit`, what it may be at most;
            `grows_from`, the row from which every loss is higher than the one before; `leaves_map`, the first row of
            those off the map at the end; `not_finite`, the first row with a number that is not;
            `opposed`, the steps that go against the one before along the steepest direction, and `swing`, what is left
            of one swing in the next; `arrival`, the row from which it stays near its end;
            `rate_factor`, how many times as high the learning rate could be; `descended`, the share of the way down
            that is made; `lost`, the row from which steps are lost in rounding; `above`, how much higher the minimum is
            than the lowest; `period` and `width` of the circling.
    """

    verdict: Verdict
    reason: str
    evidence: Mapping[str, float | tuple[int, ...]]


@lru_cache(maxsize=16)
def diagnose(t: Trajectory) -> Diagnosis:
    """The verdict on a run, for what reason, on what evidence. Divergence is a verdict, never an error."""
    case = _Case(t, judge(_runs_of(t)))
    verdict: Verdict = case.judgement.verdicts[0]
    untold = t.twists.varying and verdict not in ("converged", "diverged")
    reason, evidence = (_of_another_loss if untold else _REASONS[verdict])(case)
    return Diagnosis(verdict, reason, case.common | evidence)


def verdicts(batch: Batch) -> list[Verdict]:
    """The verdict on each run of a batch: what `diagnose` says of it, computed for all of them at once.

    Of runs that share their past only the rows that the batch holds are judged.
    """
    runs = Runs(
        landscape=batch.landscape, parameters=batch.parameters, optimizer=batch.optimizer, settings=batch.settings,
        rates=batch.learning_rates, points=batch.points, losses=batch.losses,
        gradients=batch.gradients, lengths=batch.lengths, at_rest=batch.at_rest,
        random=batch.twists.random or batch.twists.varying,
    )  # fmt: skip
    return judge(runs).verdicts.tolist()


def _runs_of(t: Trajectory) -> Runs:
    return Runs(
        landscape=t.landscape, parameters=t.parameters, optimizer=t.optimizer, settings=t.settings,
        rates=np.array([t.peak_rate]), points=t.points[None], losses=t.losses[None], gradients=t.gradients[None],
        lengths=np.array([t.length]), at_rest=np.array([t.at_rest]),
        random=t.twists.random or t.twists.varying,
    )  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """A run with its judgement, and what the sentences say about it."""

    t: Trajectory
    judgement: Judgement

    @cached_property
    def rate(self) -> float:
        """The learning rate of the last step; NaN where there is none."""
        return float(self.t.learning_rates[-1]) if self.t.steps else self.t.peak_rate

    @cached_property
    def side(self) -> float:
        return shorter_side(self.t.landscape)

    @cached_property
    def end(self) -> tuple[float, float]:
        x, y = self.t.points[self.t.length]
        return float(x), float(y)

    @cached_property
    def common(self) -> Evidence:
        """The evidence that goes with every verdict."""
        end = self.judgement.end
        numbers = {
            "learning_rate": self.rate,
            "loss": float(self.t.losses[self.t.length]),
            "gradient_norm": float(np.hypot(*self.t.gradients[self.t.length])),
            "low_curvature": float(end.low[0]),
            "high_curvature": float(end.high[0]),
            "sharpest": float(np.max(self.sharpness)),
        }
        return {name: value for name, value in numbers.items() if np.isfinite(value)}

    @cached_property
    def sharpness(self) -> np.ndarray:
        """The largest eigenvalue of the Hessian at each row, shape (length + 1,)."""
        rows = np.zeros((MAX_STEPS + 1, 2))  # as many always, so that no length compiles anything
        rows[: self.t.length + 1] = self.t.points[: self.t.length + 1]
        matrices = hessian_matrices(self.t.landscape, rows, **self.t.parameters)
        return curvatures(matrices[: self.t.length + 1]).high

    @cached_property
    def arrival(self) -> int:
        """The first row from which the run stays near its end."""
        away = np.abs(self.t.points[: self.t.length + 1] - self.end).max(axis=1) > NEAR * self.side
        return int(np.flatnonzero(away).max(initial=-1)) + 1

    @property
    def last_rows(self) -> int:
        """How many rows the second half of the run has."""
        return (self.t.length + 1) // 2

    def product(self, row: int) -> float:
        """The learning rate of the step after a row times the sharpness at it."""
        rate = self.t.learning_rates[row] if row < self.t.steps else self.rate
        return float(rate * self.sharpness[row])


def _limits(case: _Case) -> tuple[float, float, str, str] | None:
    """Up to which η·λ the optimizer does not overshoot and does not diverge on a quadratic, each also as words."""
    if case.t.twists.delay:
        return None  # old gradients have lower ones
    beta = case.t.settings.get("momentum", 0.0)
    return {
        "gradient_descent": (1.0, 2.0, "1", "2"),
        "momentum": (1 + beta, 2 * (1 + beta), f"1 + β = {number(1 + beta)}", f"2(1 + β) = {number(2 * (1 + beta))}"),
        "nesterov": (
            1.0,
            2 * (1 + beta) / (1 + 2 * beta),
            "1",
            f"2(1 + β)/(1 + 2β) = {number(2 * (1 + beta) / (1 + 2 * beta))}",
        ),
    }.get(case.t.optimizer.key)


def _steps(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"


def _diverged(case: _Case) -> tuple[str, Evidence]:
    t, growth = case.t, case.judgement.growth
    if not np.isfinite(t.losses[0]):
        told = f"The loss is not a finite number at the start {point(t.start)}, so no step can be made."
        told = f"No step can be made in {t.twists.precision}: {_lowered(misfit(t))}." if t.twists.narrow else told
        return told, {"not_finite": 0.0}
    evidence: Evidence = {}
    losses = t.losses[: t.length + 1]
    told = []
    not_growing = np.flatnonzero(~(np.diff(losses) > 0))
    onset = int(not_growing.max(initial=-1)) + 1
    if growth.runs_away[0] or losses[-1] < losses[0]:
        told.append(
            f"It runs away downhill: the loss has fallen from {number(losses[0])} to {number(losses[-1])} and falls "
            "ever faster, for there is no lowest point that way."
        )
    elif onset < t.length:
        evidence["grows_from"] = float(onset)
        told.append(f"From step {onset:,} on every loss is higher than the last{_broken(case, onset, evidence)}.")
    elif growth.overflows[0]:
        told.append(f"One step throws it out of all bounds{_broken(case, t.length, evidence)}.")
    else:
        told.append(f"It has been thrown to {point(case.end)} and does not come back.")
    (left, right), (bottom, top) = t.landscape.domain
    x, y = t.points[: t.length + 1].T
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    if not inside[-1]:
        evidence["leaves_map"] = float(np.flatnonzero(inside).max(initial=-1) + 1)
    if growth.overflows[0]:
        evidence["not_finite"] = float(t.length + 1)
    if not inside[-1] and inside.any() and evidence["leaves_map"] > 0:
        told.append(f"It leaves the map for good at step {int(evidence['leaves_map']):,}.")
    if growth.overflows[0]:
        told.append(f"At step {t.length + 1:,} the numbers are no longer finite.")
        if t.twists.narrow:
            told.append(f"{misfit(t)}.")
    return " ".join(told), evidence


def _broken(case: _Case, onset: int, evidence: Evidence) -> str:
    """The inequality that was broken when the loss began to grow; "" where none is known or none was."""
    limits = _limits(case)
    if limits is None:
        return ""
    _, limit, _, words = limits
    rows = range(onset, case.t.length + 1)
    broken = next((row for row in rows if case.product(row) > limit), None)
    if broken is None:
        return ""
    evidence.update(product=case.product(broken), product_row=float(broken), limit=limit)
    where = "" if broken == onset else f" at step {broken:,}"
    return f": η·λ = {number(case.product(broken))} > {words} along the steepest direction{where}"


def _overshooting(case: _Case) -> tuple[str, Evidence]:
    t, swings = case.t, case.judgement.swings
    way = 0 if swings.by_direction[0, 0] else 1
    ends = case.judgement.end
    direction = (ends.high_direction, ends.low_direction)[way][0]
    along = np.diff(t.points[: t.length + 1], axis=0) @ direction
    counts = np.abs(along) > STILL * case.side
    against = counts[1:] & counts[:-1] & (np.signbit(along[1:]) != np.signbit(along[:-1]))
    against &= np.arange(len(against)) <= case.arrival + 1
    opposed = tuple(int(step) for step in np.flatnonzero(against) + 1)
    pairs = float(swings.pairs[0, way])
    swing = float(swings.swelling[0, way]) ** (1 / pairs)
    evidence: Evidence = {"opposed": opposed, "swing": swing}
    product = float(case.rate * (ends.high, ends.low)[way][0])
    because, limits = "", _limits(case)
    if limits and product > limits[0]:
        evidence.update(product=product, limit=limits[0], product_row=float(t.length))
        because = f": η·λ = {number(product)} > {limits[2]}"
    steepest = "the steepest direction" if way == 0 else "the flatter direction"
    told = [f"Steps go against the one before along {steepest}, {_listed(opposed)}{because}."]
    if case.judgement.ground[0] == "minimum":
        evidence["arrival"] = float(case.arrival)
        told.append(f"It arrives nonetheless, at step {case.arrival:,}.")
    elif swing > 1:
        told.append(f"The swings grow: each is {number(swing)} times as long as the last.")
    return " ".join(told), evidence


def _listed(steps: tuple[int, ...], most: int = 4) -> str:
    """Some of the steps: the first few and the last."""
    if len(steps) <= most + 1:
        return f"at step {', '.join(f'{step:,}' for step in steps)}"
    return f"{len(steps):,} times (at step {', '.join(f'{step:,}' for step in steps[:most])}, … {steps[-1]:,})"


def _circling(case: _Case) -> tuple[str, Evidence]:
    path = case.t.points[case.t.length + 1 - case.last_rows : case.t.length + 1]
    width = float(np.hypot(*np.ptp(path, axis=0)))
    period = _period(path)
    evidence: Evidence = {"width": width, "period": float(period)}
    limits = _limits(case)
    because = ""
    product = case.product(case.t.length)
    if limits is not None and product > 0:  # between creases nothing is curved
        evidence.update(product=product, product_row=float(case.t.length), limit=limits[1])
        because = f" η·λ = {number(product)} there, and {limits[3]} is the limit."
    told = f"It goes round without getting lower: every {_steps(period)} it is back, on a path {number(width)} across."
    return told + because, evidence


def _period(path: np.ndarray) -> int:
    """The lag, in rows, at which a path comes back nearest to itself."""
    lags = range(2, len(path) // 2 + 1)
    apart = [float(np.mean(np.sum((path[lag:] - path[:-lag]) ** 2, axis=1))) for lag in lags]
    spread = 2 * float(np.mean(np.sum((path - path.mean(axis=0)) ** 2, axis=1)))
    near = min(apart) + 0.02 * spread  # the shortest of the lags that are about as good
    return next(lag for lag, distance in zip(lags, apart, strict=True) if distance <= near)


def _wandering(case: _Case) -> tuple[str, Evidence]:
    path = case.t.points[case.t.length + 1 - case.last_rows : case.t.length + 1]
    width = float(np.hypot(*np.ptp(path, axis=0)))
    if case.t.twists.random:
        told = f"Chance keeps it moving over an area {number(width)} across, and it does not get lower. A smaller "
        return told + "learning rate, or one that falls, would let it settle deeper.", {"width": width}
    told = f"It wanders over an area {number(width)} across without getting lower and without ever coming back the "
    return told + "same way.", {"width": width}


def _saddle(case: _Case) -> tuple[str, Evidence]:
    end = case.judgement.end
    low, high = float(end.low[0]), float(end.high[0])
    slope = number(case.common["gradient_norm"])
    if low < 0 and high > 0:
        kind = f"a saddle: the ground rises one way (curvature {number(high)}) and falls the other ({number(low)})"
    elif low < 0:
        kind = f"no minimum but a top: the curvatures are {number(low)} and {number(high)}"
    else:
        kind = f"a degenerate saddle: a curvature is {number(low)}, yet there is lower ground beside it"
    return f"The slope is only {slope}, but this is {kind}.", {"arrival": float(case.arrival)}


def _local_minimum(case: _Case) -> tuple[str, Evidence]:
    above = float(case.t.losses[case.t.length] - (case.t.landscape.at(case.t.parameters).minimum or 0.0))
    told = f"It has settled in a minimum at {point(case.end)} that is not the lowest: {number(above)} above it."
    return told, {"above": above, "arrival": float(case.arrival)}


def _plateau(case: _Case) -> tuple[str, Evidence]:
    slope = number(case.common["gradient_norm"])
    told = f"The ground is level at {point(case.end)}: a slope of {slope} gives no direction, and this is no minimum."
    return told, {}


def _converged(case: _Case) -> tuple[str, Evidence]:
    end = case.judgement.end
    low, high = number(float(end.low[0])), number(float(end.high[0]))
    shape = "no way leads down from it" if end.low[0] <= 0 else f"the ground rises every way (curvatures {low}, {high})"
    when = f"from step {case.arrival:,} on" if case.arrival else "from the start"
    return f"It is at a minimum {when}: {shape}.", {"arrival": float(case.arrival)}


def _crawling(case: _Case) -> tuple[str, Evidence]:
    t = case.t
    if t.peak_rate == 0:
        return "The learning rate is 0, so it does not move.", {}
    if t.at_rest and t.length == 0:
        norm = number(case.common["gradient_norm"])
        return f"It does not move at all, though the slope is {norm}.", {}
    scale = effective_rate(t.optimizer, t.settings)
    evidence: Evidence = _progress(case)
    if lost := _lost(case):
        return lost[0], evidence | lost[1]
    product = t.peak_rate * (scale or 0) * float(np.max(case.sharpness))
    if product > 0:
        evidence.update(product=product, rate_factor=1 / product)
        name = "η·λ" if scale == 1 else "η·λ/(1 − β)"
        told = f"The steps are too short: {name} is at most {number(product)} along the steepest direction"
        return f"{told}, and at 1 the learning rate would be {number(1 / product)} times as high.", evidence
    (way,), (to_go,) = ways_to_go(_runs_of(t))
    evidence["rate_factor"] = float(1 + to_go / way)
    told = f"The steps are too short: {t.length:,} of them, all much the same way, have come {number(way)} far"
    landscape = t.landscape.at(t.parameters)
    known = (*landscape.minima, *landscape.local_minima)
    left = f"it is {number(to_go)} to the nearest minimum" if known else f"the map is {number(case.side)} wide"
    return f"{told}, and {left}. The learning rate could be about {number(1 + to_go / way)} times as high.", evidence


def _progress(case: _Case) -> Evidence:
    """The share of the descent to the known minimum that is made; nothing where none is known."""
    known, losses = case.t.landscape.at(case.t.parameters).minimum, case.t.losses
    if known is None or losses[0] <= known:
        return {}
    return {"descended": float((losses[0] - losses[case.t.length]) / (losses[0] - known))}


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _lost(case: _Case) -> tuple[str, Evidence] | None:
    """What is said of a run whose steps are lost in rounding; None of any other."""
    found = lost_steps(case.t)
    if found is None:
        return None
    row, axis, gap = found
    told = f"From step {row:,} on its steps are lost in rounding: near {'xy'[axis]} = {number(case.end[axis])} the "
    return f"{told}numbers of {case.t.twists.precision} are {number(gap)} apart.", {"lost": float(row)}


def _descending(case: _Case) -> tuple[str, Evidence]:
    t, evidence = case.t, _progress(case)
    if not t.steps:
        return "No step has been made yet.", evidence
    if lost := _lost(case):
        return lost[0], evidence | lost[1]
    first, final = number(t.losses[0]), number(t.losses[t.length])
    if t.at_rest:
        return f"It stands still from step {t.length:,} on, but this is no minimum.", evidence
    if t.losses[t.length] > t.losses[0]:
        return f"It is still on the move after {_steps(t.length)}, with a loss of {final} above the first, {first}.", {}
    return f"It is on its way, and {_steps(t.length)} were not enough: the loss went from {first} to {final}.", evidence


def _of_another_loss(case: _Case) -> tuple[str, Evidence]:
    """Of a run whose steps descend something else than this surface there is little to say by it."""
    first, final = (number(case.t.losses[row]) for row in (0, case.t.length))
    return f"What it is trained on changes on the way: on this surface its loss went from {first} to {final}.", {}


_REASONS: Mapping[Verdict, Callable[[_Case], tuple[str, Evidence]]] = {
    "converged": _converged,
    "crawling": _crawling,
    "overshooting": _overshooting,
    "circling": _circling,
    "diverged": _diverged,
    "saddle": _saddle,
    "local minimum": _local_minimum,
    "plateau": _plateau,
    "wandering": _wandering,
    "descending": _descending,
}

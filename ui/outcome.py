"""What a run came to, in words and in numbers for people. Knows no Streamlit."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine import Batch, Trajectory, diagnose, verdicts
from engine.field import held_out_losses_at
from engine.twin import PARTED, parting, twin
from landscapes.base import Landscape, Point
from ui.numbers import number, point
from ui.verdicts import LOOKS

LISTED = 9
"""How many points of a kind are written out."""

QUARTILES = (0.25, 0.5, 0.75)


def known_minima(landscape: Landscape) -> tuple[Point, ...]:
    """Every known minimum of a landscape, the lowest first."""
    return (*landscape.minima, *landscape.local_minima)


def stationary(landscape: Landscape) -> list[str]:
    """The known stationary points of a landscape in words: a line for each kind, with the sign that the plane has."""
    lowest = f", loss {number(landscape.minimum)}" if landscape.minimum is not None else ""
    kinds = (
        ("★ Minimum", "★ Minima", lowest, landscape.minima),
        ("◆ Local minimum", "◆ Local minima", "", landscape.local_minima),
        ("✕ Saddle", "✕ Saddles", "", landscape.saddles),
    )
    return [
        f"{one if len(points) == 1 else many}{more}: {_listed(points)}" for one, many, more, points in kinds if points
    ]


def _listed(points: Sequence[Point]) -> str:
    rest = f" and {len(points) - LISTED} more" if len(points) > LISTED else ""
    return ", ".join(point(place) for place in points[:LISTED]) + rest


def distances(t: Trajectory) -> np.ndarray | None:
    """The distance from each iterate to the nearest known minimum, shape (steps + 1,); None where none is known."""
    minima = np.array(known_minima(t.landscape.at(t.parameters)), float)
    if not len(minima):
        return None
    with np.errstate(over="ignore"):
        return np.hypot(*np.moveaxis(t.points[:, None] - minima, -1, 0)).min(axis=1)


def held_out_losses(t: Trajectory) -> np.ndarray | None:
    """The mean loss over the examples held out at each row, shape (length + 1,); None where none are."""
    if t.landscape.held_out_loss is None:
        return None
    return held_out_losses_at(t.landscape, t.points[: t.length + 1], **t.parameters)


def task_losses(t: Trajectory) -> dict[str, np.ndarray] | None:
    """What a run with two tasks, one after the other, loses on each at each row, shape (length + 1,), by its name.

    None where every step descends the same.
    """
    if t.landscape.step_loss is None or t.landscape.picture is None:
        return None
    picture = t.landscape.picture()
    with np.errstate(over="ignore", invalid="ignore"):
        values = picture.values(t.points[: t.length + 1])
    return {name: values[:, len(picture.names) + place] for place, name in enumerate(picture.axes)}


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
    away, look, held_out = distances(t), LOOKS[diagnose(t).verdict], held_out_losses(t)
    unseen = {} if held_out is None else {"Held-out loss": f"{number(held_out[0])} → {number(held_out[-1])}"}
    return {
        "Verdict": f"{look.sign} {look.word[0].upper()}{look.word[1:]}",
        "Steps": f"{t.length:,}" + (f" of {t.steps:,}" if t.length < t.steps else ""),
        "Loss": f"{number(t.losses[0])} → {number(t.losses[t.length])}",
        **unseen,
        "Ends at": point(t.points[t.length]),
        "To the nearest minimum": "none is known" if away is None else number(away[t.length]),
        "Gradient norm": number(gradient_norms(t)[t.length]),
        **_scale(t),
    }


def _scale(t: Trajectory) -> dict[str, str]:
    """What the loss is multiplied by, at first and at the end."""
    if t.loss_scales is None or not t.length:
        return {}
    first, last = (f"{scale:,.10g}" for scale in t.loss_scales[[0, t.length - 1]])
    return {"Loss scale": first if first == last else f"{first} → {last}"}


def beside_twin(t: Trajectory) -> str:
    """How a run in a precision below float64 compares with its float64 twin, in a sentence or two; "" for another."""
    if not t.twists.narrow:
        return ""
    row, near = parting(t, twin(t)), f"{PARTED * 100:g} % of the map"
    told = f"It stays within {near} of its float64 twin."
    if row is not None and row > t.length:
        told = "Its float64 twin goes on from there."
    elif row is not None:
        told = f"From step {row:,} on it is further than {near} from its float64 twin."
    left_out = int(t.skipped.sum())
    if not left_out:
        return told
    first = int(t.skipped.argmax()) + 1
    steps = (
        f"Step {first:,} is left out" if left_out == 1 else f"{left_out:,} steps are left out, the first at {first:,}"
    )
    return f"{told} {steps}: the scaled gradient overflowed, and the scale was halved."


def remarks(t: Trajectory) -> str:
    """The reason of the verdict, and what it does not say of where the run was off the map."""
    reason = diagnose(t).reason
    if not math.isfinite(t.losses[0]) or "It leaves the map" in reason:
        return " ".join(filter(None, [reason, beside_twin(t)]))
    return " ".join(filter(None, [reason, _about_the_map(t), beside_twin(t)]))


def _about_the_map(t: Trajectory) -> str:
    """When the run was off the map; empty when it never was."""
    away = outside(t)
    if not away.any():
        return ""
    start = f"The start {point(t.start)} is outside the map"
    if away.all():
        return f"{start}, and so is the whole run."
    if away[0]:
        return f"{start}; the run comes onto it at step {int((~away).argmax()):,}."
    back = "" if away[t.length] else " and comes back"
    return f"It leaves the map at step {int(away.argmax()):,}{back}."


@lru_cache(maxsize=8)
def told_together(batch: Batch, named: str, steps: int) -> str:
    """What many runs came to, in words: how many of each verdict, and the quartiles of the loss where they end.

    `named` is what they are called, and `steps` how many a run has that may have been followed for fewer.
    """
    told = verdicts(batch)
    counts: Counter[str] = Counter(told)
    parts = [_so_many(counts[verdict], len(batch), verdict) for verdict in LOOKS if counts[verdict]]
    followed = f", followed for {batch.steps:,} of {steps:,} steps," if batch.steps < steps else ","
    ends = batch.losses[np.arange(len(batch)), batch.lengths]
    losses = np.where(np.array(told) == "diverged", math.inf, ends)
    low, median, high = (number(value) for value in quartiles(losses))
    beyond = "; a run that diverged counts as ∞" if counts["diverged"] else ""
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return (
        f"Of {named}{followed} {listed}. The loss at the end: median {median}, the middle half from {low} to "
        f"{high}{beyond}."
    )


def _so_many(count: int, runs: int, verdict: str) -> str:
    """How many of some runs have a verdict: 3 diverged, 1 is at a saddle, all are in a local minimum."""
    many = "all" if count == runs else str(count)
    verb = "" if verdict in ("converged", "diverged") else "is " if count == 1 else "are "
    return f"{many} {verb}{LOOKS[verdict].word}"


def told_workers(t: Trajectory) -> str:
    """What the small balls around a run are where they are its workers, in words; empty for one worker."""
    team = t.twists
    if team.workers == 1:
        return ""
    each = "where each would have gone alone with its own gradient; the run goes on with the mean of them all"
    if team.local_steps > 1:
        each = f"each goes its own way until all meet at their mean, every {team.local_steps:,} steps"
    alike = "" if team.random else ". Without noise or mini-batches nothing tells them apart"
    return f"The small balls are the {team.workers} workers: {each}{alike}."


def quartiles(values: np.ndarray) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile, each one of the values: between a number and infinity is no middle."""
    low, median, high = np.quantile(values.astype(float), QUARTILES, method="inverted_cdf")
    return float(low), float(median), float(high)

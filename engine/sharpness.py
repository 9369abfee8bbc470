"""Sharpness, the steepest curvature along a run, and the limit above which an optimizer's steps do not settle."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.descend import Trajectory, find_optimizer
from engine.field import hessian_eigenvalues, hessian_matrices
from engine.memories import memories
from optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Stability:
    """The sharpness that counts for a run's optimizer, and its limit. Rows are those of the run up to its end.

    Attributes:
        sharpness: (length + 1,), the largest eigenvalue of the Hessian at each row; where the optimizer divides its
            steps, of P^-½ H P^-½ with the divisor P of the step from that row. An l2 penalty belongs to H.
        limits: (length + 1,), what it must stay below for the step from that row to settle.
        rate_limits: (length + 1,), the learning rate at which the limit would be that sharpness; inf where the loss
            curves nowhere up, so that no rate is too large.
        preconditioned: whether a divisor was taken into account.
        words, tex, source, approximate: as in `optimizers.stability.Limit`.
    """

    sharpness: np.ndarray
    limits: np.ndarray
    rate_limits: np.ndarray
    preconditioned: bool
    words: str
    tex: str
    source: str
    approximate: str


def sharpness(t: Trajectory) -> np.ndarray:
    """The largest eigenvalue of the Hessian at each row of a run, shape (length + 1,)."""
    return hessian_eigenvalues(t.landscape, t.points[: t.length + 1], **t.parameters)[:, 1]


def preconditioned_sharpness(t: Trajectory) -> np.ndarray:
    """The largest eigenvalue of P^-½ H P^-½ at each row of a run, shape (length + 1,), P the divisor of the next step.

    P is 1 for an optimizer that is not known to divide the gradient by anything. H is the Hessian of what the optimizer
    descends: the landscape, and an l2 penalty where there is one.
    """
    limit = t.optimizer.limit
    if limit is None or limit.divisor is None:
        return sharpness(t) + t.twists.l2
    numbers = np.arange(1, t.length + 2)[:, None]
    with np.errstate(all="ignore"):  # a divisor may be 0, or overflow where a run diverges
        scales = 1 / np.sqrt(limit.divisor(memories(t).around(), t.settings, numbers))
        matrices = hessian_matrices(t.landscape, t.points[: t.length + 1], **t.parameters) + t.twists.l2 * np.eye(2)
        (a, b), (_, d) = np.moveaxis(matrices * scales[:, :, None] * scales[:, None, :], 0, -1)
        return (a + d) / 2 + np.hypot((a - d) / 2, b)


def stability(t: Trajectory) -> Stability | None:
    """Which sharpness counts for the optimizer of a run, and its limit at each row; None where none is known.

    Old gradients have lower limits, which are not known here.
    """
    limit = t.optimizer.limit
    if limit is None or t.twists.delay:
        return None
    counts = preconditioned_sharpness(t)
    rates = t.rates(t.length + 1)
    product = limit.product(t.settings)
    decay = limit.decay(t.settings) + t.twists.weight_decay * product / 2  # docs/model.md derives it
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.where(counts + decay > 0, product / (counts + decay), np.inf)
        return Stability(
            sharpness=counts, limits=product / rates - decay, rate_limits=np.where(np.isnan(counts), np.nan, largest),
            preconditioned=limit.divisor is not None, words=limit.words, tex=limit.tex, source=limit.source,
            approximate=limit.approximate,
        )  # fmt: skip


def rate_limit(optimizer: str | Optimizer, settings: Mapping[str, float], sharpness: float) -> float | None:
    """The learning rate at which the largest eigenvalue of the Hessian is at its limit, such as 2/λ or 2(1 + β)/λ.

    Args:
        optimizer: a key or an entry.
        settings: its knobs by name, those that are missing at their defaults; the learning rate does not matter.
        sharpness: λ, the largest eigenvalue.

    Returns:
        The rate. None where no limit is known, where it depends on what the optimizer has divided by so far
        (`stability` knows that, for a run), and where λ is not a positive number: no rate is too large then.
    """
    method = find_optimizer(optimizer)
    limit = method.limit
    if limit is None or limit.divisor is not None:
        return None
    knobs = {name: settings.get(name, knob.default) for name, knob in method.knobs.items()}
    total = sharpness + limit.decay(knobs)
    return limit.product(knobs) / total if 0 < total < np.inf else None

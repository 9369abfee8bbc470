"""Where the mean loss of a linear model over its examples is lowest, with penalties on its two numbers.

A fit has one minimizer, and it moves when a penalty or another parameter is turned: the mark on the map moves with it.
"""

from collections.abc import Callable
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

ITERATIONS = 200
HALVINGS = 40

ROUNDING = 1e-14
"""A step may raise the loss by this share of it: where it is lowest its last digits go up and down."""


class Shape(NamedTuple):
    """The losses of predictions and their first and second derivatives, shape (examples,) each."""

    losses: np.ndarray
    slopes: np.ndarray
    curvatures: np.ndarray


class Fit(NamedTuple):
    """A convex loss of two numbers: the mean of a loss over examples, and penalties.

    design: shape (examples, 2); the predictions are design @ p.
    targets: shape (examples,).
    shape: from the predictions, shape (examples,).
    l1, l2: shape (2,), the penalties l1 |p| and l2 p² / 2 of each coordinate.
    """

    design: np.ndarray
    targets: np.ndarray
    shape: Callable[[np.ndarray], Shape]
    l1: np.ndarray
    l2: np.ndarray

    def value(self, p: np.ndarray) -> float:
        """The whole loss at p, shape (2,)."""
        losses = self.shape(self.design @ p).losses
        return float(np.mean(losses) + self.l1 @ np.abs(p) + self.l2 @ p**2 / 2)


def newton(fit: Fit) -> np.ndarray:
    """The minimizer, shape (2,), of a loss that is smooth but for its 1-norm, by Newton's method.

    The 1-norm is kept as it is: each iteration solves the quadratic model with it exactly, which for least squares is
    all, and halves the step until the loss does not rise.

    Source: Lee, Sun and Saunders 2014, doi:10.1137/130921428.
    """
    return _descended(fit, lambda predictions, shape: shape.curvatures)


def reweighted(fit: Fit) -> np.ndarray:
    """The minimizer of a loss of residuals that grows more slowly than a parabola, by reweighted least squares.

    Each residual has the parabola that touches its loss there, slope over residual being its curvature.

    Source: Holland and Welsch 1977, doi:10.1080/03610927708827533.
    """

    def touching(predictions: np.ndarray, shape: Shape) -> np.ndarray:
        residuals = predictions - fit.targets
        return np.divide(shape.slopes, residuals, out=shape.curvatures.copy(), where=residuals != 0)

    return _descended(fit, touching)


def vertices(fit: Fit) -> np.ndarray:
    """The minimizer of a loss of residuals that is straight but for a kink at 0: it fits two examples exactly.

    Source: Koenker and Bassett 1978, theorem 3.1, doi:10.2307/1913643.
    """
    pairs = [list(pair) for pair in combinations(range(len(fit.targets)), 2)]
    return min((np.linalg.solve(fit.design[pair], fit.targets[pair]) for pair in pairs), key=fit.value)


def _descended(fit: Fit, curvatures: Callable[[np.ndarray, Shape], np.ndarray]) -> np.ndarray:
    p, examples = np.zeros(2), len(fit.design)
    for _ in range(ITERATIONS):
        predictions = fit.design @ p
        shape = fit.shape(predictions)
        gradient = fit.design.T @ shape.slopes / examples + fit.l2 * p
        matrix = (fit.design.T * curvatures(predictions, shape)) @ fit.design / examples + np.diag(fit.l2)
        step = _elastic_minimizer(matrix, matrix @ p - gradient, fit.l1) - p
        ceiling = fit.value(p) * (1 + ROUNDING)
        share = next((s for s in 0.5 ** np.arange(HALVINGS) if fit.value(p + s * step) <= ceiling), 0.0)
        p = p + share * step
        if np.abs(share * step).max() <= 1e-14 * (1 + np.abs(p).max()):
            break
    return p


def _elastic_minimizer(matrix: np.ndarray, vector: np.ndarray, l1: np.ndarray) -> np.ndarray:
    """The minimizer of p·matrix·p / 2 - vector·p + l1·|p|: the best of one for each choice of signs, 0 included."""
    best, lowest = np.zeros(2), 0.0
    for signs in list(product((-1, 0, 1), repeat=2)):
        free = np.array(signs) != 0
        p = np.zeros(2)
        p[free] = np.linalg.solve(matrix[np.ix_(free, free)], (vector - l1 * np.array(signs))[free])
        value = p @ matrix @ p / 2 - vector @ p + l1 @ np.abs(p)
        if value < lowest:
            best, lowest = p, float(value)
    return best

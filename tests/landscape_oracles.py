"""The published formula of every landscape in plain NumPy, over points of shape (..., n).

Written from the sources in their textbook form (sums over coordinates, matrices, polar coordinates, pieces), so that a
slip in the project's own two-variable expressions does not repeat itself here.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import entr, huber, log_expit, softmax

from tests.data_tables import (
    anscombe_residuals,
    diabetes_rows,
    edge_rows,
    hatter_counts,
    iris_rows,
    two_tasks_rows,
    weekly_returns,
)


def _coordinates(points: np.ndarray) -> np.ndarray:
    """1, 2, ... n: the index i of the textbook sums."""
    return np.arange(1, points.shape[-1] + 1)


def bowl(points):
    return np.linalg.norm(points, axis=-1) ** 2


def ravine(points, condition_number):
    curvatures = np.array([1.0, condition_number])
    return 0.5 * np.einsum("...i,i,...i", points, curvatures, points)


def ravine_rotated(points, condition_number):
    angle = np.radians(45)
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return ravine(points @ back.T, condition_number)


def booth(points):
    residual = points @ np.array([[1.0, 2.0], [2.0, 1.0]]).T - np.array([7.0, 5.0])
    return np.sum(residual**2, axis=-1)


def matyas(points):
    return np.einsum("...i,ij,...j", points, np.array([[0.26, -0.24], [-0.24, 0.26]]), points)


def zakharov(points):
    weighted = np.sum(0.5 * _coordinates(points) * points, axis=-1)
    return np.sum(points**2, axis=-1) + weighted**2 + weighted**4


def absolute(points):
    return np.linalg.norm(points, ord=1, axis=-1)


def quartic(points):
    return np.sum(_coordinates(points) * points**4, axis=-1)


def trough(points):
    return 0.5 * points[..., 0] ** 2


def heavy_ball_trap(points):
    x, y = np.moveaxis(points, -1, 0)
    pieces = [25 / 2 * x**2, x**2 / 2 + 24 * x - 12, 25 / 2 * x**2 - 24 * x + 36]  # the integrals of the slopes
    return np.select([x < 1, x < 2], pieces[:2], pieces[2]) + y**2 / 2


def rosenbrock(points):
    here, there = points[..., :-1], points[..., 1:]
    return np.sum(100 * (there - here**2) ** 2 + (1 - here) ** 2, axis=-1)


def beale(points):
    x, y = np.moveaxis(points, -1, 0)
    return sum((c - x * (1 - y**i)) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


def dixon_price(points):
    rest = _coordinates(points)[1:] * (2 * points[..., 1:] ** 2 - points[..., :-1]) ** 2
    return (points[..., 0] - 1) ** 2 + np.sum(rest, axis=-1)


def plateau_cliff(points):
    x, y = np.moveaxis(points, -1, 0)
    return 0.5 * (1 + np.tanh(5 * x)) + 0.05 * np.hypot(x + 1, y) ** 2


def goldstein_price(points):
    x, y = np.moveaxis(points, -1, 0)
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


def spiral(points):
    x, y = np.moveaxis(points, -1, 0)
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    return 0.2 * r**2 + (r * np.sin(1.5 * r - angle)) ** 2


def saddle(points):
    return np.einsum("...i,i,...i", points, np.array([1.0, -1.0]), points)


def monkey_saddle(points):
    return ((points[..., 0] + 1j * points[..., 1]) ** 3).real


def saddle_escape(points):
    x, y = np.moveaxis(points, -1, 0)
    return 0.5 * x**2 + 0.25 * ((y**2 - 1) ** 2 - 1)


def degenerate_saddle(points):
    return np.sum(points ** np.array([2, 3]), axis=-1)


def himmelblau(points):
    x, y = np.moveaxis(points, -1, 0)
    return np.hypot(x**2 + y - 11, x + y**2 - 7) ** 2


def rastrigin(points):
    return 10 * points.shape[-1] + np.sum(points**2 - 10 * np.cos(2 * np.pi * points), axis=-1)


def ackley(points):
    mean_square = np.mean(points**2, axis=-1)
    mean_cosine = np.mean(np.cos(2 * np.pi * points), axis=-1)
    return -20 * np.exp(-0.2 * np.sqrt(mean_square)) - np.exp(mean_cosine) + 20 + np.exp(1)


def six_hump_camel(points):
    x, y = np.moveaxis(points, -1, 0)
    return 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4


def three_hump_camel(points):
    x, y = np.moveaxis(points, -1, 0)
    return np.polyval([1 / 6, 0, -1.05, 0, 2, 0, 0], x) + x * y + y**2


def styblinski_tang(points):
    return 0.5 * np.sum(np.polyval([1, 0, -16, 5, 0], points), axis=-1)


def griewank(points):
    waves = np.prod(np.cos(points / np.sqrt(_coordinates(points))), axis=-1)
    return 1 + np.sum(points**2, axis=-1) / 4000 - waves


def levy(points):
    w = 1 + (points - 1) / 4
    head, body, tail = w[..., 0], w[..., :-1], w[..., -1]
    middle = np.sum((body - 1) ** 2 * (1 + 10 * np.sin(np.pi * body + 1) ** 2), axis=-1)
    return np.sin(np.pi * head) ** 2 + middle + (tail - 1) ** 2 * (1 + np.sin(2 * np.pi * tail) ** 2)


def easom(points):
    return -np.prod(np.cos(points), axis=-1) * np.exp(-np.sum((points - np.pi) ** 2, axis=-1))


def schwefel(points):
    return np.sum(-points * np.sin(np.sqrt(np.abs(points))), axis=-1)


def michalewicz(points):
    steepness = 10
    channels = np.sin(_coordinates(points) * points**2 / np.pi) ** (2 * steepness)
    return -np.sum(np.sin(points) * channels, axis=-1)


def drop_wave(points):
    r = np.hypot(points[..., 0], points[..., 1])
    return -(1 + np.cos(12 * r)) / (0.5 * r**2 + 2)


def gaussian_wells(points):
    wells = (((-1.5, -1), 1.0, 1.0), ((1.5, 1), 1.6, np.sqrt(0.1)), ((1.2, -1.6), 0.7, 0.5))  # centre, depth, width
    loss = np.sum((points / np.sqrt(50)) ** 2, axis=-1)
    for center, depth, width in wells:
        loss = loss - depth * np.exp(-0.5 * np.sum(((points - np.array(center)) / width) ** 2, axis=-1))
    return loss


def sharp_and_flat(points):
    bowls = [0.5 * curvature * np.sum((points - at) ** 2, axis=-1) for curvature, at in ((20, (-1, 0)), (2, (1, 0)))]
    return np.minimum(*bowls)


def product(points):
    return 0.5 * (1 - np.prod(points, axis=-1)) ** 2


def product_of_squares(points):
    return 0.5 * (1 - np.prod(points, axis=-1) ** 2) ** 2


def separable(points):
    margins = points @ np.array([[2.0, 1.0], [-1.0, 2.0]]).T
    return np.mean(np.logaddexp(0, -margins), axis=-1)


def recurrent_cliff(points):
    weight, bias = np.moveaxis(points, -1, 0)
    state = 0.5
    for _ in range(50):
        state = weight / (1 + np.exp(-state)) + bias
    return (1 / (1 + np.exp(-state)) - 0.7) ** 2


def rare_examples(points):
    """The mean over the examples, one by one, each with the walls and the bowl in y."""
    x, y = np.moveaxis(points, -1, 0)
    walls = 5 * (np.clip(x, -1, 1) - x) ** 2
    return np.mean([slope * x + walls + y * y / 2 for slope in (30, *20 * (-1,))], axis=0)


def line_fit(points, l1_penalty, l2_penalty):
    inputs = np.array([1.0, 2.0, 3.0, 4.0])
    targets = 2 * inputs + 1
    predictions = points @ np.stack([inputs, np.ones(4)])
    slope = points[..., 0]
    return np.mean((predictions - targets) ** 2, axis=-1) + l1_penalty * np.abs(slope) + l2_penalty * slope**2 / 2


def diabetes_raw(points, l1_penalty, l2_penalty):
    return _least_squares(points, diabetes_rows(standardised=False)) + _elastic(points, l1_penalty, l2_penalty)


def diabetes_standardised(points, l1_penalty, l2_penalty):
    return _least_squares(points, diabetes_rows(standardised=True)) + _elastic(points, l1_penalty, l2_penalty)


def iris_logistic(points, l1_penalty, l2_penalty):
    inputs, virginica, *_ = iris_rows()
    likelihoods = log_expit((points @ inputs.T) * (2 * virginica - 1))
    return -np.mean(likelihoods, axis=-1) + _elastic(points, l1_penalty, l2_penalty)


def huber_line(points, huber_threshold):
    return np.mean(huber(huber_threshold, anscombe_residuals(points)), axis=-1)


def quantile_line(points, quantile):
    residuals = anscombe_residuals(points)
    return np.mean(np.where(residuals > 0, quantile, quantile - 1) * residuals, axis=-1)


def portfolio(points, return_preference):
    weights = np.append(points, 1 - points.sum(axis=-1, keepdims=True), axis=-1)
    weekly = weekly_returns()
    variance = np.einsum("...i,ij,...j", weights, np.cov(weekly.T, ddof=0), weights)
    return variance - return_preference * (weights @ weekly.mean(axis=0))


def bandit(points, baseline, exploration):
    logits = np.append(points, np.zeros((*points.shape[:-1], 1)), axis=-1)
    policy = softmax(logits, axis=-1)
    return 80 - policy @ [80, 60, 20] + exploration * (np.log(3) - np.sum(entr(policy), axis=-1))


def convolution(points):
    corner = _edge_corner()  # of a triangle that has the same errors as all 5,600 pairs
    return np.sum((points @ corner[:, :2].T - corner[:, 2]) ** 2, axis=-1)


@cache
def _edge_corner():
    rows = edge_rows()
    return np.linalg.qr(np.column_stack([rows.inputs, rows.targets]), "r") / np.sqrt(len(rows.targets))


def embedding(points, negatives):
    met, by_chance, places = hatter_counts()
    scores = points @ places.T
    return -(log_expit(scores) @ met + negatives * (log_expit(-scores) @ by_chance))


def two_tasks(points, task_change, consolidation):
    first, second = two_tasks_rows()
    best = np.linalg.lstsq(first.inputs, first.targets)[0]
    away = np.linalg.norm(points - best, axis=-1) ** 2
    return 50 * (_least_squares(points, first) + _least_squares(points, second) + consolidation * away)


def _least_squares(points, rows):
    return np.mean((points @ rows.inputs.T - rows.targets) ** 2, axis=-1)


def _elastic(points, l1_penalty, l2_penalty):
    return l1_penalty * np.linalg.norm(points, 1, axis=-1) + l2_penalty / 2 * np.linalg.norm(points, axis=-1) ** 2


ORACLES: dict[str, Callable[..., np.ndarray]] = {
    function.__name__: function
    for name, function in list(globals().items())
    if not name.startswith("_") and getattr(function, "__module__", None) == __name__
}
"""Each oracle by the key of its landscape: `oracle(points, **parameters)`, shape (..., 2) to (...)."""

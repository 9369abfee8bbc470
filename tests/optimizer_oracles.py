"""Plain NumPy transcriptions of every update rule, from the papers, and two surfaces with derivatives by hand.

Each rule is a generator of iterates: `rule(surface, start, **knobs)` yields x_1, x_2, ... in float64. Where optax
departs from the paper, the transcription follows optax, and the line says so.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

import jax
import numpy as np

Path = Iterator[np.ndarray]


class Surface(NamedTuple):
    loss: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]
    hessian: Callable[[np.ndarray], np.ndarray]


def _rosenbrock_gradient(p):
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def _rosenbrock_hessian(p):
    x, y = p
    return np.array([[2 - 400 * y + 1200 * x * x, -400 * x], [-400 * x, 200.0]])


def _himmelblau_gradient(p):
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    return np.array([4 * x * a + 2 * b, 2 * a + 4 * y * b])


def _himmelblau_hessian(p):
    x, y = p
    return np.array([[12 * x * x + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y * y + 4 * x - 26]])


SURFACES = {
    "rosenbrock": Surface(
        lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2, _rosenbrock_gradient, _rosenbrock_hessian
    ),
    "himmelblau": Surface(
        lambda p: (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2, _himmelblau_gradient, _himmelblau_hessian
    ),
}


# Gradient descent


def gradient_descent(surface: Surface, x: np.ndarray, learning_rate: float) -> Path:
    while True:
        x = x - learning_rate * surface.gradient(x)
        yield x


def momentum(surface: Surface, x: np.ndarray, learning_rate: float, momentum: float) -> Path:
    """Polyak's form, two iterates and no velocity: the same path while the learning rate is constant."""
    before = x
    while True:
        x, before = x - learning_rate * surface.gradient(x) + momentum * (x - before), x
        yield x


def nesterov(surface: Surface, x: np.ndarray, learning_rate: float, momentum: float) -> Path:
    """Sutskever's form, with the gradient taken ahead; what is shown is the point ahead, x + momentum * velocity."""
    velocity, ahead = np.zeros(2), x
    while True:
        velocity = momentum * velocity - learning_rate * surface.gradient(ahead)
        x = x + velocity
        ahead = x + momentum * velocity
        yield ahead


def schedule_free_sgd(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, weight_decay: float) -> Path:
    z = x
    for t in count(1):
        y = beta1 * x + (1 - beta1) * z
        z = z - learning_rate * (surface.gradient(y) + weight_decay * y)
        x = (1 - 1 / t) * x + z / t
        yield x


# Adaptive


def adagrad(surface: Surface, x: np.ndarray, learning_rate: float, initial_accumulator: float, epsilon: float) -> Path:
    squares = np.full(2, initial_accumulator)
    while True:
        g = surface.gradient(x)
        squares = squares + g**2
        x = x - learning_rate * g / np.sqrt(squares + epsilon)
        yield x


def rmsprop(
    surface: Surface, x: np.ndarray, learning_rate: float, decay: float, momentum: float, epsilon: float
) -> Path:
    v, u = np.zeros(2), np.zeros(2)
    while True:
        g = surface.gradient(x)
        v = decay * v + (1 - decay) * g**2
        u = momentum * u + g / (np.sqrt(v) + epsilon)
        x = x - learning_rate * u
        yield x


def adadelta(surface: Surface, x: np.ndarray, learning_rate: float, decay: float, epsilon: float) -> Path:
    squared_gradients, squared_steps = np.zeros(2), np.zeros(2)
    while True:
        g = surface.gradient(x)
        squared_gradients = decay * squared_gradients + (1 - decay) * g**2
        step = np.sqrt(squared_steps + epsilon) / np.sqrt(squared_gradients + epsilon) * g
        squared_steps = decay * squared_steps + (1 - decay) * step**2
        x = x - learning_rate * step
        yield x


def adafactor(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    decay: float,
    clipping_threshold: float,
    beta1: float,
    epsilon: float,
    weight_decay: float,
) -> Path:
    def rms(vector):
        return np.sqrt(np.mean(vector**2))

    v, m = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        memory = 1 - t**-decay
        v = memory * v + (1 - memory) * (g**2 + epsilon)
        u = g / np.sqrt(v)
        u = u / max(1, rms(u) / clipping_threshold)
        m = beta1 * m + (1 - beta1) * learning_rate * max(1e-3, rms(x)) * u
        x = x - m - weight_decay * x
        yield x


# Adam family


def _adam_averages(surface: Surface, beta1: float, beta2: float):
    """A function (t, x) -> gradient, both averages, and both with their bias corrected."""
    m, v = np.zeros(2), np.zeros(2)

    def averages(t: int, x: np.ndarray):
        nonlocal m, v
        g = surface.gradient(x)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        return g, m, v, m / (1 - beta1**t), v / (1 - beta2**t)

    return averages


def adam(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        x = x - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
        yield x


def adamw(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        shrunk = x * (1 - learning_rate * weight_decay)
        x = shrunk - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
        yield x


def amsgrad(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    largest = np.zeros(2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        largest = np.maximum(largest, v_hat)  # optax: of the corrected average; the paper corrects nothing
        x = x - learning_rate * m_hat / (np.sqrt(largest) + epsilon)
        yield x


def nadam(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    for t in count(1):
        g, m, _, _, v_hat = averages(t, x)
        ahead = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
        x = x - learning_rate * ahead / (np.sqrt(v_hat) + epsilon)
        yield x


def radam(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    threshold: float,
) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    longest = 2 / (1 - beta2) - 1
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        if length < threshold:
            x = x - learning_rate * m_hat
        else:
            up, down = (length - 4) * (length - 2) * longest, (longest - 4) * (longest - 2) * length
            x = x - learning_rate * np.sqrt(up / down) * m_hat / (np.sqrt(v_hat) + epsilon)
        yield x


def adamax(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Path:
    m, largest = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        m = beta1 * m + (1 - beta1) * g
        largest = np.maximum(beta2 * largest, np.abs(g) + epsilon)
        x = x - learning_rate / (1 - beta1**t) * m / largest
        yield x


def adabelief(
    surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> Path:
    m, s = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + epsilon
        x = x - learning_rate * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + epsilon)
        yield x


def yogi(surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, epsilon: float) -> Path:
    m, v = np.full(2, 1e-6), np.full(2, 1e-6)  # optax: both; the authors' code starts only v there
    for t in count(1):
        g = surface.gradient(x)
        m = beta1 * m + (1 - beta1) * g
        v = v - (1 - beta2) * np.sign(v - g**2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)  # optax; the paper corrects nothing
        x = x - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
        yield x


def adan(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    beta3: float,
    epsilon: float,
    weight_decay: float,
) -> Path:
    change = 1 - beta2  # optax; the paper: 1 minus its beta2, which is one minus this one
    before = surface.gradient(x)
    m, v, n = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        difference, before = g - before, g
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * difference
        n = beta3 * n + (1 - beta3) * (g + change * difference) ** 2
        ahead = m / (1 - beta1**t) + change * v / (1 - beta2**t)
        step = learning_rate * ahead / (np.sqrt(n / (1 - beta3**t)) + epsilon)
        x = x - step - learning_rate * weight_decay * x  # optax; the paper divides by 1 + learning_rate * weight_decay
        yield x


# Sign and trust ratio


def signum(surface: Surface, x: np.ndarray, learning_rate: float, momentum: float) -> Path:
    m = np.zeros(2)
    while True:
        m = momentum * m + (1 - momentum) * surface.gradient(x)
        x = x - learning_rate * np.sign(m)
        yield x


def lion(
    surface: Surface, x: np.ndarray, learning_rate: float, beta1: float, beta2: float, weight_decay: float
) -> Path:
    m = np.zeros(2)
    while True:
        g = surface.gradient(x)
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        x = x - learning_rate * (direction + weight_decay * x)
        m = beta2 * m + (1 - beta2) * g
        yield x


def rprop(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    decrease_factor: float,
    increase_factor: float,
    min_step_size: float,
    max_step_size: float,
) -> Path:
    x, size, last_step = x.copy(), np.full(2, learning_rate), np.zeros(2)
    while True:
        g = surface.gradient(x)
        for i in range(2):
            agreement = g[i] * last_step[i]
            if agreement > 0:
                size[i] = min(max(size[i] * increase_factor, min_step_size), max_step_size)
            elif agreement < 0:
                size[i] = min(max(size[i] * decrease_factor, min_step_size), max_step_size)
            step = 0 if agreement < 0 else size[i] * np.sign(g[i])
            x[i] -= 0 if agreement < 0 else last_step[i]  # optax: the last step; the paper: this step
            last_step[i] = step
        yield x.copy()


def lamb(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    weight_decay: float,
) -> Path:
    averages = _adam_averages(surface, beta1, beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        r = m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * x
        x = x - learning_rate * np.hypot(*x) / np.hypot(*r) * r
        yield x


# Without a learning rate


def polyak_sgd(surface: Surface, x: np.ndarray, max_learning_rate: float, minimum_loss: float, epsilon: float) -> Path:
    while True:
        g = surface.gradient(x)
        x = x - min((surface.loss(x) - minimum_loss) / (g @ g + epsilon), max_learning_rate) * g
        yield x


def backtracking_line_search(
    surface: Surface,
    x: np.ndarray,
    max_learning_rate: float,
    sufficient_decrease: float,
    decrease_factor: float,
    increase_factor: float,
    max_backtracking_steps: float,
) -> Path:
    length = 1.0
    while True:
        g = surface.gradient(x)
        length = min(increase_factor * length, max_learning_rate)
        for _ in range(int(max_backtracking_steps)):
            if surface.loss(x - length * g) <= surface.loss(x) - sufficient_decrease * length * (g @ g):
                break
            length *= decrease_factor
        x = x - length * g
        yield x


def prodigy(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    beta3: float,
    epsilon: float,
    initial_distance: float,
    distance_factor: float,
    weight_decay: float,
) -> Path:
    start, d = x, initial_distance
    m, v, r, s = np.zeros(2), np.zeros(2), 0.0, np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        rate = learning_rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)  # the correction: optax and the authors' code
        m = beta1 * m + (1 - beta1) * d * g
        v = beta2 * v + (1 - beta2) * d**2 * g**2
        r = beta3 * r + rate * d**2 * (g @ (start - x))
        s = beta3 * s + rate * d**2 * g
        d, last = max(d, distance_factor * r / np.abs(s).sum()), d
        x = x - rate * last * (m / (np.sqrt(v) + d * epsilon) + weight_decay * x)  # optax: the new d beside epsilon
        yield x


# Second order


def newton(surface: Surface, x: np.ndarray, learning_rate: float) -> Path:
    while True:
        x = x - learning_rate * np.linalg.solve(surface.hessian(x), surface.gradient(x))
        yield x


def newton_damped(surface: Surface, x: np.ndarray, learning_rate: float, damping: float) -> Path:
    while True:
        x = x - learning_rate * np.linalg.solve(surface.hessian(x) + damping * np.eye(2), surface.gradient(x))
        yield x


def newton_saddle_free(surface: Surface, x: np.ndarray, learning_rate: float, damping: float) -> Path:
    while True:
        values, vectors = np.linalg.eigh(surface.hessian(x))
        x = x - learning_rate * vectors @ (vectors.T @ surface.gradient(x) / (np.abs(values) + damping))
        yield x


def sophia(
    surface: Surface,
    x: np.ndarray,
    learning_rate: float,
    beta1: float,
    beta2: float,
    gamma: float,
    clip_threshold: float,
    update_interval: float,
    epsilon: float,
    weight_decay: float,
) -> Path:
    key = jax.random.PRNGKey(0)  # the signs are optax's random stream, which is no part of the rule
    m, h = np.zeros(2), np.zeros(2)
    for t in count(1):
        g, hessian = surface.gradient(x), surface.hessian(x)
        m = beta1 * m + (1 - beta1) * g
        quotient = m / (1 - beta1**t) / np.maximum(gamma * h, epsilon)  # optax: the h before its refresh
        x = x - learning_rate * (np.clip(quotient, -clip_threshold, clip_threshold) + weight_decay * x)
        if t % int(update_interval) == 1 % int(update_interval):
            key, below = jax.random.split(key)
            signs = np.array(jax.random.rademacher(jax.random.split(below, 1)[0], (2,), "float32"), float)
            h = beta2 * h + (1 - beta2) * signs * (hessian @ signs)
        yield x


def lbfgs(
    surface: Surface,
    x: np.ndarray,
    sufficient_decrease: float,
    curvature: float,
    max_linesearch_steps: float,
) -> Path:
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    while True:
        g = surface.gradient(x)
        if np.abs(g).max() < 1e-6:
            return  # from here on rounding decides what the line search sees
        p = -two_loop(pairs, g)
        length = zoom_search(surface, x, p, sufficient_decrease, curvature, int(max_linesearch_steps))
        step = length * p
        pairs = [*pairs, (step, surface.gradient(x + step) - g)][-10:]
        x = x + step
        yield x


def two_loop(pairs: list[tuple[np.ndarray, np.ndarray]], g: np.ndarray) -> np.ndarray:
    """Nocedal & Wright 2006, algorithm 7.4: the inverse Hessian that the pairs (s, y) tell of, times g."""
    scale = (pairs[-1][0] @ pairs[-1][1]) / (pairs[-1][1] @ pairs[-1][1]) if pairs else min(1, 1 / np.hypot(*g))
    q, alphas = g, []
    for s, y in reversed(pairs):
        alphas.append((s @ q) / (s @ y))
        q = q - alphas[-1] * y
    r = scale * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + (alpha - (y @ r) / (s @ y)) * s
    return r


class _Trial(NamedTuple):
    length: float
    loss: float
    slope: float


def zoom_search(surface: Surface, x: np.ndarray, p: np.ndarray, c1: float, c2: float, tries: int) -> float:
    """Nocedal & Wright 2006, algorithms 3.5 and 3.6, with the interpolation and the exits that optax documents."""

    def trial(length: float) -> _Trial:
        return _Trial(length, surface.loss(x + length * p), float(surface.gradient(x + length * p) @ p))

    def decreases(at: _Trial) -> bool:
        enough = at.loss <= start.loss + c1 * at.length * start.slope
        # Hager & Zhang 2005: the slope stands for the decrease where rounding hides it.
        nearly = at.slope <= (2 * c1 - 1) * start.slope and at.loss <= start.loss + 1e-6 * abs(start.loss)
        return enough or nearly

    def good(at: _Trial) -> bool:
        return decreases(at) and abs(at.slope) <= c2 * abs(start.slope)

    start = trial(0.0)
    best, before, now = start, start, trial(1.0)
    used = 1
    while True:  # double the length until an interval must hold a good one
        best = now if decreases(now) else best
        if good(now):
            return now.length
        if used == tries:
            return best.length or now.length
        if not decreases(now) or (now.loss >= before.loss and used > 1):
            low, high = before, now
            break
        if now.slope >= 0:
            low, high = now, before
            break
        before, now, used = now, trial(2 * now.length), used + 1
    third = low
    while True:  # zoom into it
        width = abs(high.length - low.length)
        now, used = trial(_inside(low, high, third)), used + 1
        best = now if decreases(now) and now.loss < best.loss else best
        if good(now):
            return now.length
        if used == tries or (width <= 1e-5 and best.length > 0):
            return best.length or now.length
        if not decreases(now) or now.loss >= low.loss:
            high, third = now, high
        elif now.slope * (high.length - low.length) >= 0:
            low, high, third = now, low, high
        else:
            low, third = now, low


def _inside(low: _Trial, high: _Trial, third: _Trial) -> float:
    """The minimum of the cubic through three trials or of the parabola through two, if well inside; else the middle."""
    left, right = sorted((low.length, high.length))
    width = right - left
    b = high.length - low.length
    if third.length not in (low.length, high.length):
        c = third.length - low.length
        rises = [at.loss - low.loss - low.slope * (at.length - low.length) for at in (high, third)]
        cubic, square = np.linalg.solve([[b**3, b**2], [c**3, c**2]], rises)
        root = square**2 - 3 * cubic * low.slope
        at = low.length + (-square + np.sqrt(root)) / (3 * cubic) if root >= 0 and cubic else np.nan
        if left + 0.2 * width < at < right - 0.2 * width:
            return at
    square = (high.loss - low.loss - low.slope * b) / b**2
    at = low.length - low.slope / (2 * square) if square else np.nan
    if left + 0.1 * width < at < right - 0.1 * width:
        return at
    return (left + right) / 2

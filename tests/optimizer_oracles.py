"""Plain NumPy transcriptions of every update rule, from the papers.

Each rule is a generator of iterates: `rule(surface, start, knobs)` yields x_1, x_2, ... in float64. Where optax
departs from the paper, the transcription follows optax, and the line says so.
"""

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import jax
import numpy as np

from tests.hand_surfaces import Surface
from tests.line_search_oracle import two_loop, zoom_search

Path = Iterator[np.ndarray]
Knobs = SimpleNamespace


# Gradient descent


def gradient_descent(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    while True:
        x = x - k.learning_rate * surface.gradient(x)
        yield x


def momentum(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    """Polyak's form, two iterates and no velocity: the same path while the learning rate is constant."""
    before = x
    while True:
        x, before = x - k.learning_rate * surface.gradient(x) + k.momentum * (x - before), x
        yield x


def nesterov(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    """Sutskever's form, with the gradient taken ahead; what is shown is the point ahead, x + momentum * velocity."""
    velocity, ahead = np.zeros(2), x
    while True:
        velocity = k.momentum * velocity - k.learning_rate * surface.gradient(ahead)
        x = x + velocity
        ahead = x + k.momentum * velocity
        yield ahead


def schedule_free_sgd(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    z = x
    for t in count(1):
        y = k.beta1 * x + (1 - k.beta1) * z
        z = z - k.learning_rate * (surface.gradient(y) + k.weight_decay * y)
        x = (1 - 1 / t) * x + z / t
        yield x


# Adaptive


def adagrad(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    squares = np.full(2, k.initial_accumulator)
    while True:
        g = surface.gradient(x)
        squares = squares + g**2
        x = x - k.learning_rate * g / np.sqrt(squares + k.epsilon)
        yield x


def rmsprop(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    v, u = np.zeros(2), np.zeros(2)
    while True:
        g = surface.gradient(x)
        v = k.decay * v + (1 - k.decay) * g**2
        u = k.momentum * u + g / (np.sqrt(v) + k.epsilon)
        x = x - k.learning_rate * u
        yield x


def adadelta(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    squared_gradients, squared_steps = np.zeros(2), np.zeros(2)
    while True:
        g = surface.gradient(x)
        squared_gradients = k.decay * squared_gradients + (1 - k.decay) * g**2
        step = np.sqrt(squared_steps + k.epsilon) / np.sqrt(squared_gradients + k.epsilon) * g
        squared_steps = k.decay * squared_steps + (1 - k.decay) * step**2
        x = x - k.learning_rate * step
        yield x


def adafactor(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    def rms(vector):
        return np.sqrt(np.mean(vector**2))

    v, m = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        memory = 1 - t**-k.decay
        v = memory * v + (1 - memory) * (g**2 + k.epsilon)
        u = g / np.sqrt(v)
        u = u / max(1, rms(u) / k.clipping_threshold)
        m = k.beta1 * m + (1 - k.beta1) * k.learning_rate * max(1e-3, rms(x)) * u
        x = x - m - k.weight_decay * x
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


def adam(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        x = x - k.learning_rate * m_hat / (np.sqrt(v_hat) + k.epsilon)
        yield x


def adamw(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        shrunk = x * (1 - k.learning_rate * k.weight_decay)
        x = shrunk - k.learning_rate * m_hat / (np.sqrt(v_hat) + k.epsilon)
        yield x


def amsgrad(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    largest = np.zeros(2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        largest = np.maximum(largest, v_hat)  # optax: of the corrected average; the paper corrects nothing
        x = x - k.learning_rate * m_hat / (np.sqrt(largest) + k.epsilon)
        yield x


def nadam(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    for t in count(1):
        g, m, _, _, v_hat = averages(t, x)
        ahead = k.beta1 * m / (1 - k.beta1 ** (t + 1)) + (1 - k.beta1) * g / (1 - k.beta1**t)
        x = x - k.learning_rate * ahead / (np.sqrt(v_hat) + k.epsilon)
        yield x


def radam(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    longest = 2 / (1 - k.beta2) - 1
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        length = longest - 2 * t * k.beta2**t / (1 - k.beta2**t)
        if length < k.threshold:
            x = x - k.learning_rate * m_hat
        else:
            up, down = (length - 4) * (length - 2) * longest, (longest - 4) * (longest - 2) * length
            x = x - k.learning_rate * np.sqrt(up / down) * m_hat / (np.sqrt(v_hat) + k.epsilon)
        yield x


def adamax(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    m, largest = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        m = k.beta1 * m + (1 - k.beta1) * g
        largest = np.maximum(k.beta2 * largest, np.abs(g) + k.epsilon)
        x = x - k.learning_rate / (1 - k.beta1**t) * m / largest
        yield x


def adabelief(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    m, s = np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        m = k.beta1 * m + (1 - k.beta1) * g
        s = k.beta2 * s + (1 - k.beta2) * (g - m) ** 2 + k.epsilon
        x = x - k.learning_rate * (m / (1 - k.beta1**t)) / (np.sqrt(s / (1 - k.beta2**t)) + k.epsilon)
        yield x


def yogi(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    m, v = np.full(2, 1e-6), np.full(2, 1e-6)  # optax
    for t in count(1):
        g = surface.gradient(x)
        m = k.beta1 * m + (1 - k.beta1) * g
        v = v - (1 - k.beta2) * np.sign(v - g**2) * g**2
        m_hat, v_hat = m / (1 - k.beta1**t), v / (1 - k.beta2**t)  # optax; the paper corrects nothing
        x = x - k.learning_rate * m_hat / (np.sqrt(v_hat) + k.epsilon)
        yield x


def adan(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    change = 1 - k.beta2  # optax; the paper: 1 minus its beta2, which is one minus this one
    before = surface.gradient(x)
    m, v, n = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        difference, before = g - before, g
        m = k.beta1 * m + (1 - k.beta1) * g
        v = k.beta2 * v + (1 - k.beta2) * difference
        n = k.beta3 * n + (1 - k.beta3) * (g + change * difference) ** 2
        ahead = m / (1 - k.beta1**t) + change * v / (1 - k.beta2**t)
        step = k.learning_rate * ahead / (np.sqrt(n / (1 - k.beta3**t)) + k.epsilon)
        x = (
            x - step - k.learning_rate * k.weight_decay * x
        )  # optax; the paper divides by 1 + learning_rate * weight_decay
        yield x


# Sign and trust ratio


def signum(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    m = np.zeros(2)
    while True:
        m = k.momentum * m + (1 - k.momentum) * surface.gradient(x)
        x = x - k.learning_rate * np.sign(m)
        yield x


def lion(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    m = np.zeros(2)
    while True:
        g = surface.gradient(x)
        direction = np.sign(k.beta1 * m + (1 - k.beta1) * g)
        x = x - k.learning_rate * (direction + k.weight_decay * x)
        m = k.beta2 * m + (1 - k.beta2) * g
        yield x


def rprop(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    x, size, last_step = x.copy(), np.full(2, k.learning_rate), np.zeros(2)
    while True:
        g = surface.gradient(x)
        for i in range(2):
            agreement = g[i] * last_step[i]
            if agreement > 0:
                size[i] = min(max(size[i] * k.increase_factor, k.min_step_size), k.max_step_size)
            elif agreement < 0:
                size[i] = min(max(size[i] * k.decrease_factor, k.min_step_size), k.max_step_size)
            step = 0 if agreement < 0 else size[i] * np.sign(g[i])
            x[i] -= 0 if agreement < 0 else last_step[i]  # optax: the last step; the paper: this step
            last_step[i] = step
        yield x.copy()


def lamb(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    averages = _adam_averages(surface, k.beta1, k.beta2)
    for t in count(1):
        *_, m_hat, v_hat = averages(t, x)
        r = m_hat / (np.sqrt(v_hat) + k.epsilon) + k.weight_decay * x
        x = x - k.learning_rate * np.hypot(*x) / np.hypot(*r) * r
        yield x


# Without a learning rate


def polyak_sgd(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    while True:
        g = surface.gradient(x)
        x = x - min((surface.loss(x) - k.minimum_loss) / (g @ g + k.epsilon), k.max_learning_rate) * g
        yield x


def backtracking_line_search(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    length = 1.0
    while True:
        g = surface.gradient(x)
        length = min(k.increase_factor * length, k.max_learning_rate)
        for _ in range(int(k.max_backtracking_steps)):
            if surface.loss(x - length * g) <= surface.loss(x) - k.sufficient_decrease * length * (g @ g):
                break
            length *= k.decrease_factor
        x = x - length * g
        yield x


def prodigy(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    start, d = x, k.initial_distance
    m, v, r, s = np.zeros(2), np.zeros(2), 0.0, np.zeros(2)
    for t in count(1):
        g = surface.gradient(x)
        corrected = np.sqrt(1 - k.beta2**t) / (1 - k.beta1**t)  # optax; the paper corrects nothing
        rate = k.learning_rate * corrected
        m = k.beta1 * m + (1 - k.beta1) * d * g
        v = k.beta2 * v + (1 - k.beta2) * d**2 * g**2
        r = k.beta3 * r + rate * d**2 * (g @ (start - x))
        s = k.beta3 * s + rate * d**2 * g
        d, last = max(d, k.distance_factor * r / np.abs(s).sum()), d
        x = x - rate * last * (m / (np.sqrt(v) + d * k.epsilon) + k.weight_decay * x)  # optax: the new d beside epsilon
        yield x


# Second order


def newton(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    while True:
        x = x - k.learning_rate * np.linalg.solve(surface.hessian(x), surface.gradient(x))
        yield x


def newton_damped(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    while True:
        x = x - k.learning_rate * np.linalg.solve(surface.hessian(x) + k.damping * np.eye(2), surface.gradient(x))
        yield x


def newton_saddle_free(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    while True:
        values, vectors = np.linalg.eigh(surface.hessian(x))
        x = x - k.learning_rate * vectors @ (vectors.T @ surface.gradient(x) / (np.abs(values) + k.damping))
        yield x


def sophia(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    key = jax.random.PRNGKey(0)  # the signs are optax's random stream, which is no part of the rule
    m, h = np.zeros(2), np.zeros(2)
    for t in count(1):
        g, hessian = surface.gradient(x), surface.hessian(x)
        m = k.beta1 * m + (1 - k.beta1) * g
        quotient = m / (1 - k.beta1**t) / np.maximum(k.gamma * h, k.epsilon)  # optax: the h before its refresh
        x = x - k.learning_rate * (np.clip(quotient, -k.clip_threshold, k.clip_threshold) + k.weight_decay * x)
        if t % int(k.update_interval) == 1 % int(k.update_interval):
            key, below = jax.random.split(key)
            signs = np.array(jax.random.rademacher(jax.random.split(below, 1)[0], (2,), "float32"), float)
            h = k.beta2 * h + (1 - k.beta2) * signs * (hessian @ signs)
        yield x


def lbfgs(surface: Surface, x: np.ndarray, k: Knobs) -> Path:
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    while True:
        g = surface.gradient(x)
        if np.abs(g).max() < 1e-6:
            return  # from here on rounding decides what the line search sees
        p = -two_loop(pairs, g)
        length = zoom_search(surface, x, p, k.sufficient_decrease, k.curvature, int(k.max_linesearch_steps))
        step = length * p
        pairs = [*pairs, (step, surface.gradient(x + step) - g)][-10:]
        x = x + step
        yield x

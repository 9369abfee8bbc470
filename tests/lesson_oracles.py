"""The lessons' numbers from their sources: closed forms, and loops in plain NumPy."""

import math
from collections.abc import Callable

import numpy as np

MILLION = 1e-6


def _descent(gradient, start, rate, steps, beta=0.0):
    """Heavy ball, plain descent at beta = 0; shape (steps + 1, n)."""
    points, velocity = [np.array(start, float)], 0.0
    for _ in range(steps):
        velocity = beta * velocity + gradient(points[-1])
        points.append(points[-1] - rate * velocity)
    return np.array(points)


def _adam(gradient, start, rate, steps):
    """Algorithm 1 of Kingma and Ba, with their numbers."""
    points, first, second = [np.array(start, float)], 0.0, 0.0
    for t in range(1, steps + 1):
        slope = gradient(points[-1])
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        points.append(points[-1] - rate * first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8))
    return np.array(points)


def _arrival(points):
    """How many steps it takes to a millionth of the first distance."""
    return next(k for k, point in enumerate(points) if math.hypot(*point) <= MILLION * math.hypot(*points[0]))


CURVATURES = np.array([1.0, 100.0])
TURN = np.array([[1, 1], [-1, 1]]) / math.sqrt(2)
"""From x and y to the axes of the turned valley."""


def rates():
    return {"circling": abs(1 - 2.0) ** 50, "diverging": abs(1 - 2.04) ** 50}


def weight():
    w = 5.0
    for _ in range(20):
        w -= 0.1 * 2 * w
    return {"reached": w}


def line():
    """The error e of the two numbers obeys e' = (1 - 2η XᵀX/n) e, and is -(2, 1) at first."""
    design = np.column_stack([[1, 2, 3, 4], np.ones(4)])
    step = np.eye(2) - 0.01 * 2 * design.T @ design / 4
    early, late = ((2, 1) - np.linalg.matrix_power(step, k) @ (2, 1) for k in (10, 1000))
    return {"early_w": early[0], "early_b": early[1], "w": late[0], "b": late[1]}


def limit():
    def slope(p):
        x, y = p
        return np.array([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)])

    near, far = (_descent(slope, (1.001, 1.002), rate, 3000)[-1] - 1 for rate in (0.00199, 0.0024))
    hessian = [[2 + 800, -400], [-400, 200]]
    return {"limit": 2 / np.linalg.eigvalsh(hessian)[1], "near": math.hypot(*near), "far": math.hypot(*far)}


def valley():
    """(99/101)ᵏ ≤ 10⁻⁶; at 1/100 the steep way is gone after one step and 0.99ᵏ ≤ 10⁻⁶ √2, from (1, 1)."""
    best = math.ceil(math.log(MILLION) / math.log(99 / 101))
    half = math.ceil(math.log(MILLION * math.sqrt(2)) / math.log(0.99))
    return {"best": best, "factor": 99 / 101, "half": half}


def turned():
    def straight(p):
        return CURVATURES * p

    def across(p):
        return TURN.T @ (CURVATURES * (TURN @ p))

    places = {"": (straight, (1, 1)), "_turned": (across, TURN.T @ (1, 1))}
    adam = {f"adam{name}": _arrival(_adam(slope, start, 0.05, 1400)) for name, (slope, start) in places.items()}
    plain = [_arrival(_descent(slope, start, 2 / 101, 1400)) for slope, start in places.values()]
    return {"straight": plain[0], "turned": plain[1], **adam}


def momentum():
    points = _descent(lambda p: CURVATURES * p, (1, 1), 4 / (10 + 1) ** 2, 200, beta=((10 - 1) / (10 + 1)) ** 2)
    return {"steps": _arrival(points), "rate": (math.sqrt(100) - 1) / (math.sqrt(100) + 1)}


def ahead():
    """At η = 1/L and β = 9/11 the steep way is gone at once; along the flat one the recurrence has 0.9 as double root.

    xₖ = (a + bk) 0.9ᵏ with x₀ = 1 and x₁ = 1 - η(1 + β) = 54/55 gives a = 1 and b = 1/11. The bound is
    2L|x₀ - x*|²/(k + 1)² with L = 100 and |x₀ - x*|² = 2.
    """
    loss = ((1 + 100 / 11) * 0.9**100) ** 2 / 2
    return {"loss": loss, "rate": 1 - 1 / math.sqrt(100), "below": 400 / 101**2 / loss}


def trap():
    """The cycle a → b → c → a solves linear equations: a and b below 1, where f' = 25x, c above 2: 25x - 24."""
    rate, beta = 1 / 9, 4 / 9
    keeps = 1 + beta - 25 * rate
    a, b, c = np.linalg.solve(
        [[keeps, -1, -beta], [-beta, keeps, -1], [-1, -beta, keeps]], [0, 0, -24 * rate]
    )  # b = keeps a - beta c; c = keeps b - beta a; a = keeps c - beta b + 24 rate
    assert b < a < 1 and c > 2

    def slope(p):
        x, y = p
        return np.array([25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24, y])

    return {"low": b, "middle": a, "high": c,
            "gradient_descent": math.hypot(*_descent(slope, (3.3, 3), 1 / 13, 150)[-1])}  # fmt: skip


def _off_the_ridge(y, noise=0.0, random=None):
    for k in range(1000):
        if abs(y) >= 0.5:
            return k
        y += 0.1 * (y - y**3 + (noise * random.standard_normal() if random else 0))
    raise AssertionError("it never leaves")


def saddle():
    names = {"thousandth": 1e-3, "millionth": 1e-6, "billionth": 1e-12}
    return {name: _off_the_ridge(y) for name, y in names.items()}


def noisy_escapes(count=1000):
    """How many steps runs from the ridge with noise of their own take; the seed is of no account."""
    random = np.random.default_rng(0)
    return np.array([_off_the_ridge(0.0, 1e-3, random) for _ in range(count)])


def sharp():
    return {"stays": -1.0, "growth": abs(1 - 20 * 0.11), "leaves": 1.0}


def edge(start=(2.3, 0.45)):
    """On x²y² = 1 the larger curvature is |∇(x²y²)|² = 4(x² + y²): the other one is 0."""

    def slope(p):
        (x, y), error = p, 1 - p[0] ** 2 * p[1] ** 2
        return -2 * error * np.array([x * y * y, x * x * y])

    return {"final": 4 * np.mean(np.sum(_descent(slope, start, 0.1, 1000)[-2:] ** 2, axis=1)), "edge": 2 / 0.1}


def floor():
    """The variance v obeys v = (1 - ηλ)² v + η²σ²."""
    return {"floor": 0.1**2 / (1 - (1 - 0.1) ** 2)}


def _with_a_rare_slope(keeps_largest, random, steps=1500):
    """The algorithms of Reddi, Kale and Kumar, corrected for bias as Adam is, with walls in place of the projection."""
    x, first, second, largest, places = 0.0, 0.0, 0.0, 0.0, []
    for t in range(1, steps + 1):
        if t % 21 == 1:
            slopes = random.permutation([30, *20 * [-1]])
        slope = slopes[(t - 1) % 21] + 10 * (x - min(max(x, -1), 1))
        first, second = 0.5 * first + 0.5 * slope, 0.9 * second + 0.1 * slope**2
        size = second / (1 - 0.9**t)
        largest = max(largest, size)
        x -= 0.05 * first / (1 - 0.5**t) / (math.sqrt(largest if keeps_largest else size) + 1e-8)
        places.append(x)
    return np.mean(places[-300:])


def rare():
    random = np.random.default_rng(1)
    return {
        name: np.mean([_with_a_rare_slope(keeps, random) for _ in range(10)])
        for name, keeps in (("adam", False), ("amsgrad", True))
    }


def scale():
    rate, found = 0.015, {}
    for name, factor in (("_small", 1e-3), ("", 1.0), ("_large", 1e3)):
        found |= {f"adam{name}": rate * factor / (factor + 1e-8), f"descent{name}": rate * 100 * factor}
    return found


def _recurrent(weight, bias):
    """Loss and slope of the unit after fifty steps, the derivative carried along step by step."""
    state, change = 0.5, np.zeros(2)
    for _ in range(50):
        gate = 1 / (1 + math.exp(-state))
        change = np.array([gate, 1]) + weight * gate * (1 - gate) * change
        state = weight * gate + bias
    gate = 1 / (1 + math.exp(-state))
    return (gate - 0.7) ** 2, 2 * (gate - 0.7) * gate * (1 - gate) * change


def cliff():
    found = {}
    for limit in (math.inf, 0.1):
        p, lengths = np.array([5.2, -2.2]), []
        for _ in range(200):
            _, slope = _recurrent(*p)
            step = 0.3 * slope * min(1, limit / max(math.hypot(*slope), 1e-300))
            lengths.append(math.hypot(*step))
            p = p - step
        if limit == math.inf:
            found |= {"when": int(np.argmax(lengths)) + 1, "thrown": max(lengths)}
        else:
            found |= {"clipped": 0.3 * 0.1, "loss": _recurrent(*p)[0]}
    return found


def decay():
    return {"adamw": (1 - 0.01 * 0.1) ** 100, "adam": _adam(lambda y: 0.1 * y, (1.0,), 0.01, 100)[-1, 0]}


def half():
    """A slope of 10⁻⁸ x, or none where that is nothing in float16."""
    assert np.float16(1.5e-8) == 0 < np.float16(1024e-8)
    return {"full": 0.99**100, "half": 1.0, "scaled": 0.99**100}


ORACLES: dict[str, Callable[[], dict[str, float]]] = {
    function.__name__: function
    for name, function in list(globals().items())
    if not name.startswith("_") and name != "noisy_escapes" and getattr(function, "__module__", None) == __name__
}
"""Each oracle by the key of its lesson."""

"""L-BFGS's two parts in plain NumPy: the direction from past steps, and the line search along it."""

from typing import NamedTuple

import numpy as np

from tests.hand_surfaces import Surface


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

"""Runs with the verdict that is right, found without the code under test.

What a run came to shows when it goes on: each is made again ten times as long, and with ten times the rate. The
ground at its end is probed with the plain-NumPy formulas, and where the curvature decides (gradient descent, heavy
ball, Nesterov) it comes from differences of those. Nothing here knows how `engine.judge` measures a path.
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from engine import Trajectory, descend
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from tests.landscape_oracles import ORACLES

STEPS = 500
LONGER = 10


class Label(NamedTuple):
    surface: str
    optimizer: str
    settings: tuple[tuple[str, float], ...]
    start: tuple[float, float]


FACTORS = (0.05, 1.0, 10.0, 100.0)
"""Times an optimizer's own default learning rate."""

CHOSEN = ("gradient_descent", "momentum", "nesterov", "adam")
"""Every surface is run with two of these in turn, at one of the factors in turn: nobody picked the runs."""

OTHERS = ("adagrad", "rmsprop", "signum", "lion", "newton", "lbfgs")
"""Whose motion is harder to read: counted apart, every surface with each."""


def _by_hand() -> list[tuple[Label, str]]:
    """Runs whose verdict follows from a closed form alone."""
    made = []

    def add(verdict: str, surface: str, optimizer: str, rate: float, start=None, **settings: float) -> None:
        numbers = (("learning_rate", rate), *settings.items())
        made.append((Label(surface, optimizer, numbers, start or LANDSCAPES[surface].start), verdict))

    for surface, sharpness in (("bowl", 2), ("ravine", 100), ("ravine_rotated", 100), ("booth", 18)):
        # x shrinks by 1 - ηλ a step in each direction: not at all fast, at once, to and fro, to and fro for ever, not
        add("crawling", surface, "gradient_descent", 0.001 / sharpness)
        add("overshooting", surface, "gradient_descent", 1.5 / sharpness)
        add("overshooting", surface, "gradient_descent", 1.9 / sharpness)
        add("circling", surface, "gradient_descent", 2 / sharpness)
        add("diverged", surface, "gradient_descent", 2.05 / sharpness)
        add("overshooting", surface, "momentum", 0.98 * 3.8 / sharpness, momentum=0.9)
        add("diverged", surface, "momentum", 1.02 * 3.8 / sharpness, momentum=0.9)
        add("overshooting", surface, "nesterov", 0.98 * 3.8 / 2.8 / sharpness, momentum=0.9)
        add("diverged", surface, "nesterov", 1.02 * 3.8 / 2.8 / sharpness, momentum=0.9)
    add("converged", "bowl", "gradient_descent", 0.2)
    add("converged", "booth", "gradient_descent", 0.05)
    for rate in (0.01, 0.1):
        # y = 0 stays so, and x shrinks by 1 - 2η (or 1 - η): to the saddle; but from y = 0.1 it grows by 1 + 2η
        add("saddle", "saddle", "gradient_descent", rate, start=(1.5, 0.0))
        add("saddle", "saddle_escape", "gradient_descent", 2 * rate, start=(1.5, 0.0))
        add("diverged", "saddle", "gradient_descent", rate, start=(1.5, 0.1))
        add("circling", "absolute", "gradient_descent", rate)  # to and fro across the kinks
    for place in ((6.9, -0.9), (-0.9, 6.8), (6.5, 6.9)):
        add("plateau", "easom", "gradient_descent", 1e-2, start=place)  # within e⁻²⁴ of level
    add("saddle", "himmelblau", "newton", 1.0, start=(0.1, 2.9))  # its saddle at (0.0867, 2.8843)
    add("saddle", "saddle", "newton", 0.5)
    return made


BY_HAND = dict(_by_hand())
"""Label -> the verdict that follows from a closed form."""


def labels(optimizers: tuple[str, ...] = CHOSEN) -> list[Label]:
    """Those by hand, if the optimizers are the chosen ones, and every surface with optimizers at one factor each."""
    made = list(BY_HAND) if optimizers == CHOSEN else []
    for row, (surface, entry) in enumerate(LANDSCAPES.items()):
        if entry.step_loss is not None:
            continue  # its steps descend something else
        for column, optimizer in enumerate(optimizers):
            if optimizers == CHOSEN and (column - row // 4) % 2:
                continue  # each pair compiles for a third of a second
            knob = OPTIMIZERS[optimizer].knobs.get("learning_rate")
            settings = (("learning_rate", knob.default * FACTORS[(row + column) % len(FACTORS)]),) if knob else ()
            made.append(Label(surface, optimizer, settings, entry.start))
    return made


def run(label: Label, steps: int = STEPS, **changes) -> Trajectory:
    return descend(
        label.surface, label.optimizer, **{"start": label.start, **dict(label.settings), **changes}, steps=steps
    )


def truth(label: Label) -> str:
    """The verdict by closed form, else by what comes of the run."""
    if label in BY_HAND:
        return BY_HAND[label]
    short, long = run(label), run(label, LONGER * STEPS)
    facts = _Facts(label)
    if _is_lost(short, long, facts):
        return "diverged"
    end = short.points[short.length]
    later = np.abs(long.points[short.length : short.length + STEPS][: long.length + 1] - end).max(axis=1)
    if short.at_rest and short.length == 0 and not facts.is_stationary(end):
        return "crawling"
    if facts.is_stationary(end) and not np.nanquantile(later, 0.9) > facts.near:
        return _at_rest(short, end, facts)
    if _goes_nowhere(long, facts):
        return "circling" if _is_regular(long) else "wandering"
    if _overshoots(short, end, facts):
        return "overshooting"
    return "crawling" if _rate_is_too_low(label, short, facts) else "descending"


class _Facts:
    """What is known of the surface and the optimizer."""

    def __init__(self, label: Label):
        self.entry = LANDSCAPES[label.surface]
        numbers = {name: knob.default for name, knob in self.entry.parameters.items()}
        self.loss = partial(ORACLES[label.surface], **{**numbers, **{k: v for k, v in label.settings if k in numbers}})
        self.optimizer = label.optimizer
        self.settings = {name: knob.default for name, knob in OPTIMIZERS[label.optimizer].knobs.items()}
        self.settings |= dict(label.settings)
        self.side = min(high - low for low, high in self.entry.domain)
        self.near = 2e-4 * self.side
        axes = (np.linspace(low, high, 101) for low, high in self.entry.domain)
        self.floor = float(np.min(self.loss(np.stack(np.meshgrid(*axes), axis=-1))))
        self.lowest = self.entry.minimum if self.entry.minimum is not None else -math.inf

    def around(self, place: np.ndarray, radius: float) -> np.ndarray:
        angles = np.arange(64) * (math.pi / 32) + 0.1
        return self.loss(place + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))

    def sharpness(self, place: np.ndarray) -> float:
        """The largest curvature, by differences."""
        h = 1e-4 * self.side
        x, y = np.array([h, 0]), np.array([0, h])
        f = self.loss
        a = (f(place + x) - 2 * f(place) + f(place - x)) / h**2
        d = (f(place + y) - 2 * f(place) + f(place - y)) / h**2
        b = (f(place + x + y) - f(place + x - y) - f(place - x + y) + f(place - x - y)) / (4 * h**2)
        return float(np.linalg.eigvalsh([[a, b], [b, d]])[1])

    def is_stationary(self, place: np.ndarray) -> bool:
        """Near a known minimum; or level; or the slope, the odd part of the loss around, is lost in the even part."""
        if any(math.dist(place, minimum) <= self.near for minimum in self.entry.minima):
            return True
        here, around = self.loss(place), self.around(place, 10 * self.near)
        across = np.roll(around, 32)
        odd, even = np.abs(around - across).max() / 2, np.abs(around + across - 2 * here).max() / 2
        return bool(odd <= 0.2 * even) or self.is_level(place)

    def is_level(self, place: np.ndarray) -> bool:
        """Whether a twentieth of the map around hardly differs, measured by what is left to descend."""
        here = self.loss(place)
        return bool(np.ptp([*self.around(place, 0.05 * self.side), here]) <= 1e-3 * (here - self.floor))

    @property
    def is_plain(self) -> bool:
        return self.optimizer in ("gradient_descent", "momentum", "nesterov")

    def overshoots(self, place: np.ndarray) -> bool:
        """Gradient descent beyond 1/λ, heavy ball beyond (1 + β)/λ, Nesterov beyond 1/λ; Newton with more than 1."""
        if self.is_plain:
            most = 1 + self.settings["momentum"] if self.optimizer == "momentum" else 1
            return self.settings["learning_rate"] * self.sharpness(place) > most
        return self.optimizer in ("newton", "newton_saddle_free") and self.settings["learning_rate"] > 1


def _is_lost(short: Trajectory, long: Trajectory, facts: _Facts) -> bool:
    """Not finite, or ten maps away, and visibly so in the short run: higher than it began, or off the map."""
    (left, right), (bottom, top) = facts.entry.domain
    x, y = short.points[short.length]
    off = not (left <= x <= right and bottom <= y <= top)
    higher = not short.losses[short.length] <= short.losses[0]
    if short.status == "diverged":
        return True
    if not (off or higher):
        return False
    if long.status == "diverged":
        return True
    x, y = long.points[long.length]
    width = max(right - left, top - bottom)
    is_far = max(left - x, x - right, bottom - y, y - top) > 3 * width
    losses = long.losses[[short.length, long.length // 2, long.length]]
    grown = losses[2] > losses[1] > losses[0]
    unbounded = facts.lowest == -math.inf and losses[1] - losses[2] >= losses[0] - losses[1] > 0
    return bool(is_far and (grown or unbounded))


def _at_rest(short: Trajectory, end: np.ndarray, facts: _Facts) -> str:
    here = float(facts.loss(end))
    if not any(math.dist(end, place) <= facts.near for place in facts.entry.minima):
        if any(math.dist(end, place) <= facts.near for place in facts.entry.saddles):
            return "saddle"
        if facts.is_level(end):
            return "plateau"
        if facts.around(end, 20 * facts.near).min() < here - 1e-9 * abs(here):
            return "saddle"
        if here > facts.lowest + 1e-4 * max(1, abs(facts.lowest)):
            return "local minimum"
    return "overshooting" if _overshoots(short, end, facts) else "converged"


def _overshoots(short: Trajectory, end: np.ndarray, facts: _Facts) -> bool:
    """By the closed form where there is one; else whether most of its last twenty visible steps turn back."""
    if facts.is_plain or facts.optimizer in ("newton", "newton_saddle_free"):
        return facts.overshoots(end)
    steps = np.diff(short.points[: short.length + 1], axis=0)
    visible = np.flatnonzero(np.hypot(*steps.T) > facts.near)[-20:]
    turns = [steps[place] @ steps[place - 1] < 0 for place in visible if place]
    return bool(2 * sum(turns) > len(turns) > 3)


def _goes_nowhere(long: Trajectory, facts: _Facts) -> bool:
    """Whether it moves over the same ground in the second and the last tenth, at the same height."""
    if long.length < LONGER * STEPS:
        return False
    if np.abs(long.points[-1]).max() > 10 * np.abs(facts.entry.domain).max():
        return False
    early, late = slice(STEPS, 2 * STEPS), slice(-STEPS, None)
    a, b = long.points[early], long.points[late]
    widths = np.ptp(a, axis=0).max(), np.ptp(b, axis=0).max()
    shift = np.abs(a.mean(axis=0) - b.mean(axis=0)).max()
    gain = long.losses[early].mean() - long.losses[late].mean()
    height = np.ptp(long.losses[STEPS:]) + 1e-9 * abs(long.losses[-1])
    margin = widths[1] / 2
    inside = (long.points[STEPS - 50 : STEPS] > b.min(axis=0) - margin) & (
        long.points[STEPS - 50 : STEPS] < b.max(axis=0) + margin
    )
    there = inside.all(axis=1).mean() > 0.5
    return bool(
        there
        and widths[1] >= 0.3 * widths[0]
        and shift <= 0.5 * max(widths)
        and gain <= 0.2 * height
        and widths[1] > facts.near
    )


def _is_regular(long: Trajectory) -> bool:
    """Whether a few lines of its spectrum hold nearly all of the motion, as of a round and not of noise or chaos."""
    tail = long.points[-2048:]
    power = np.abs(np.fft.rfft((tail - tail.mean(axis=0)) * np.hanning(2048)[:, None], axis=0)) ** 2
    lines = np.sort(power.sum(axis=1))
    return bool(lines[-24:].sum() >= 0.8 * lines.sum())


def _rate_is_too_low(label: Label, short: Trajectory, facts: _Facts) -> bool:
    """Along the steepest direction a tenth of what would be right; else ten times the rate gets four times as far."""
    if "learning_rate" not in facts.settings:
        return False
    rate = facts.settings["learning_rate"]
    if facts.is_plain:
        sharpest = max(facts.sharpness(place) for place in short.points[: short.length + 1 : 20])
        scale = 1 / (1 - facts.settings.get("momentum", 0))
        if sharpest * facts.side**2 > 1e-3 * (short.losses[0] - facts.floor):
            return rate * scale * sharpest < 0.1
    faster = run(label, learning_rate=10 * rate)
    far, farther = (math.dist(t.points[t.length], t.points[0]) for t in (short, faster))
    lower = faster.losses[faster.length] < short.losses[short.length]
    near_start = bool(facts.entry.minima) or far <= facts.side / 8
    return faster.status != "diverged" and bool(lower) and near_start and farther >= 4 * far

"""What the networks learn: scikit-learn's digits, and points of two kinds on a plane.

scikit-learn takes a second to import; it is imported when the digits are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

HELD_OUT_EVERY = 5
"""Every fifth example, the 5th, 10th, ..., is held out for the test: nothing is drawn by lot."""


@dataclass(frozen=True, eq=False)
class Task:
    """Examples with a label each, of which a network sees those for training.

    Attributes:
        key: permanent, since it stands in shared links.
        title: how the page lists it.
        inputs: (examples, columns), float32, about between -1 and 1.
        labels: (examples,), int32, from 0 to classes - 1.
        test_inputs, test_labels: the examples that are held out, in the same form.
        classes: how many kinds there are.
        source: who published the data, or how the points are made.
    """

    key: str
    title: str
    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray
    classes: int
    source: str

    @property
    def columns(self) -> int:
        """How many numbers an input has."""
        return self.inputs.shape[1]

    @property
    def examples(self) -> int:
        """How many examples there are to learn from."""
        return len(self.labels)

    @property
    def parameters(self) -> Mapping[str, float]:
        """The numbers that one may turn: none, where a landscape may have some."""
        return {}

    @property
    def is_plane(self) -> bool:
        """Whether the inputs are points of a plane, on which regions of decision can be drawn."""
        return self.columns == 2


@dataclass(frozen=True)
class Entry:
    """A task that is made when it is first asked for."""

    title: str
    make: Callable[[], Task]


def _task(key: str, inputs: np.ndarray, labels: np.ndarray, source: str) -> Task:
    held_out = np.arange(1, len(labels) + 1) % HELD_OUT_EVERY == 0
    x, y = inputs.astype(np.float32), labels.astype(np.int32)
    for array in (x, y):
        array.setflags(write=False)
    return Task(
        key, TASKS[key].title, x[~held_out], y[~held_out], x[held_out], y[held_out], int(labels.max()) + 1, source
    )


def _digits() -> Task:
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    source = "Alpaydin & Kaynak 1998, doi:10.24432/C50P49: 8 x 8 pixels, 0 to 16, divided by 16; scikit-learn's copy"
    return _task("digits", np.asarray(pixels) / 16, np.asarray(digits), source)


POINTS = 250
"""How many points a plane has, of both kinds together: 200 to learn from and 50 for the test."""


def _interleaved(first: np.ndarray, second: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of kind 0 and of kind 1 in turns, shaken by normal noise of that deviation from seed 0."""
    points = np.stack([first, second], axis=1).reshape(-1, 2)
    # NumPy promises that the numbers of RandomState stay the same, and not those of its newer generators.
    shaken = points + np.random.RandomState(0).normal(0, noise, points.shape)
    return shaken, np.tile([0, 1], len(first))


def _around(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _moons() -> Task:
    upper = _around(np.linspace(0, np.pi, POINTS // 2)) - [0.5, 0.25]
    points, kinds = _interleaved(upper, -upper, noise=0.12)
    return _task("moons", points / 1.5, kinds, "Two half circles that reach into each other, as scikit-learn's moons")


def _circles() -> Task:
    around = _around(np.arange(POINTS // 2) * 2 * np.pi / (POINTS // 2))
    points, kinds = _interleaved(around, 0.5 * around, noise=0.1)
    return _task("circles", points, kinds, "A ring inside another of twice its radius, as scikit-learn's circles")


def _spirals() -> Task:
    shares = np.sqrt(np.linspace(0.01, 1, POINTS // 2))[:, None]  # by the root they are evenly far apart
    arm = shares * _around(3 * np.pi * shares[:, 0])
    points, kinds = _interleaved(arm, -arm, noise=0.02)
    return _task("spirals", points, kinds, "Two arms of one and a half turns, after Lang & Witbrock 1988")


TASKS: Mapping[str, Entry] = MappingProxyType({
    "digits": Entry("Handwritten digits", _digits),
    "moons": Entry("Two moons", _moons),
    "circles": Entry("Two circles", _circles),
    "spirals": Entry("Two spirals", _spirals),
})  # fmt: skip
"""Every task by its key, in display order."""


@lru_cache
def find_task(key: str) -> Task:
    """The task of a key, made once.

    Raises:
        ValueError: when no task has that key.
    """
    if key not in TASKS:
        raise ValueError(f"there is no task {key!r}; there are {', '.join(TASKS)}")
    return TASKS[key].make()

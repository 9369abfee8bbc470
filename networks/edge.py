"""The edge of stability: the sharpness along a training against the limit of its optimizer.

Cohen et al. 2021, arXiv:2103.00065: with all examples in each step the sharpness of a network rises until it is at
2/eta, and stays about there. Cohen et al. 2022, arXiv:2207.14484, for methods that divide their steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from networks.curvature import FIRST_ITERATIONS, sharpness
from networks.learning import Run, advance
from networks.network import cross_entropy
from networks.train import Course, Training
from networks.trees import as_vector, like, row
from optimizers.base import Memory


@dataclass(frozen=True, eq=False)
class Edge:
    """The sharpness that counts for a training's optimizer, at its marks, and the limit.

    Attributes:
        numbers: (marks,), after how many steps.
        sharpness: (marks,), the largest eigenvalue of the Hessian of the loss over all examples to learn from, an l2
            penalty included; where the optimizer divides its steps by P, of P^-½ H P^-½, P being that of the step from
            there.
        limits: (marks,), what it must stay below for that step to settle; NaN where no limit is known.
        preconditioned: whether a divisor was taken into account.
        words, tex, source, approximate: of the limit, as in `optimizers.stability.Limit`; "" where none is known.
    """

    numbers: np.ndarray
    sharpness: np.ndarray
    limits: np.ndarray
    preconditioned: bool
    words: str
    tex: str
    source: str
    approximate: str


class EdgeWatch:
    """The sharpness of a training against its limit, found place after place, as the training comes by them.

    Each place begins with the eigenvector of the one before, so they must follow each other.
    """

    def __init__(self, course: Course, iterations: int = 15) -> None:
        """Of a training on that course, with so many Hessian-vector products a place."""
        self._course, self._iterations, self._vector = course, iterations, None
        self._limits = _limits(course)
        self._numbers: list[int] = []
        self._values: list[float] = []

    def add(self, number: int, parameters: Any, state: Any) -> None:
        """Find the sharpness after that many steps, where the parameters and what the optimizer remembers are these."""
        course, limit = self._course, self._course.optimizer.limit
        wide = jax.tree.map(lambda leaf: leaf.astype(np.promote_types(leaf.dtype, np.float32)), parameters)
        scale = None
        if limit is not None and limit.divisor is not None:
            scale = _scale(course, limit.divisor, number, parameters, state, wide)
        count = self._iterations if self._vector is not None else max(self._iterations, FIRST_ITERATIONS)
        data = (course.task.inputs, course.task.labels)
        loss = cross_entropy(course.network)
        found = sharpness(loss, wide, data, count, 0, scale, self._vector, course.twists.l2)
        self._vector = found.vector if np.isfinite(found.value) else None
        self._numbers.append(number)
        self._values.append(found.value)

    def found(self) -> Edge:
        """What has been found so far."""
        limit, numbers = self._course.optimizer.limit, np.array(self._numbers, int)
        limits, values = self._limits[numbers], np.array(self._values)
        if limit is None:
            return Edge(numbers, values, limits, False, "", "", "", "")
        words = limit.words, limit.tex, limit.source, limit.approximate
        return Edge(numbers, values, limits, limit.divisor is not None, *words)


def _limits(course: Course) -> np.ndarray:
    """The limit of a course's optimizer after each number of steps, shape (steps + 1,)."""
    limit, settings, twists = course.optimizer.limit, course.settings, course.twists
    if limit is None:
        return np.full(course.steps + 1, np.nan)
    product = limit.product(settings)
    decay = limit.decay(settings) + twists.weight_decay * product / 2  # docs/model.md derives it
    with np.errstate(divide="ignore"):
        return product / (settings["learning_rate"] * twists.shares(course.steps + 1)) - decay


def edge(training: Training, iterations: int = 15, report: Callable[[Edge, int], bool | None] | None = None) -> Edge:
    """The sharpness along a training, against the limit of its optimizer.

    Args:
        training: what was trained.
        iterations: how many Hessian-vector products a mark; each mark begins with the eigenvector of the one before.
        report: told after each mark what is found so far, and how many marks there are; when it returns False the rest
            is left out.

    Returns:
        What was found, up to where it was stopped.
    """
    watch = EdgeWatch(_course(training), iterations)
    for place, state in zip(training.marks, training.states, strict=True):
        watch.add(int(training.numbers[place]), row(training.parameters, place), state)
        if report is not None and report(watch.found(), len(training.marks)) is False:
            break
    return watch.found()


def _course(training: Training) -> Course:
    return Course(
        training.task, training.network, training.optimizer, training.settings, training.twists, training.steps,
        training.seed,
    )  # fmt: skip


class _Remembered(Mapping[str, np.ndarray]):
    """What an optimizer remembers after a step, and with t-1 in a symbol before it, as rows (1, d), when asked for."""

    def __init__(self, course: Course, before: Any, after: Any) -> None:
        self._memories = course.optimizer.memories
        self._knobs = {name: jnp.asarray(value) for name, value in course.settings.items()}
        self._states = {False: before, True: after}

    def __getitem__(self, symbol: str) -> np.ndarray:
        """The memory of that symbol."""
        memory: Memory = self._memories[symbol.replace("_{t-1}", "_t")]
        state = self._states["_{t-1}" not in symbol]
        found = memory.found
        return as_vector(optax.tree.get(state, found) if isinstance(found, str) else found(state, self._knobs))[None]

    def __iter__(self) -> Iterator[str]:
        return iter(self._memories)

    def __len__(self) -> int:
        return len(self._memories)


def _scale(course: Course, divided_by: Any, number: int, parameters: Any, state: Any, like_these: Any) -> Any:
    """1/√P, P being what the step from there divides each coordinate by: that step is made once more."""
    step = advance(course.network, course.optimizer, course.kind)
    run, *_ = step(Run(parameters, state, parameters), course.turn(number, 1, 1), course.data)
    with np.errstate(all="ignore"):  # a divisor may be 0, or infinite
        remembered = _Remembered(course, state, run.state)
        divisor = divided_by(remembered, course.settings, np.array([[number + 1]]))
        vector = 1 / np.sqrt(np.broadcast_to(divisor, (1, course.network.count))[0])
    return like(like_these, vector)

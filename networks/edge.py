"""The edge of stability: the sharpness along a training against the limit of its optimizer.

Cohen et al. 2021, arXiv:2103.00065: with all examples in each step the sharpness of a network rises until it is at
2/eta, and stays about there. Cohen et al. 2022, arXiv:2207.14484, for methods that divide their steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from networks.curvature import sharpness_along
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


def edge(training: Training, iterations: int = 15, report: Callable[[int, int], bool | None] | None = None) -> Edge:
    """The sharpness along a training, against the limit of its optimizer.

    Args:
        training: what was trained.
        iterations: how many Hessian-vector products a mark; each mark begins with the eigenvector of the one before.
        report: told after each mark how many are done, of how many; when it returns False the rest is left out.

    Returns:
        What was found, up to where it was stopped.
    """
    limit, twists, places = training.optimizer.limit, training.twists, training.marks
    divides = limit is not None and limit.divisor is not None
    path = jax.tree.map(lambda leaf: leaf[places].astype(np.promote_types(leaf.dtype, np.float32)), training.parameters)
    data = (training.task.inputs, training.task.labels)
    scales = _scales(training) if divides else None
    values = []
    for value in sharpness_along(cross_entropy(training.network), path, data, iterations, 0, scales, twists.l2):
        values.append(value)
        if report is not None and report(len(values), len(places)) is False:
            break
    numbers = training.numbers[places[: len(values)]]
    if limit is None:
        nothing = np.full(len(values), np.nan)
        return Edge(numbers, np.array(values), nothing, False, "", "", "", "")
    rates = training.settings["learning_rate"] * twists.shares(training.steps + 1)[numbers]
    product = limit.product(training.settings)
    decay = limit.decay(training.settings) + twists.weight_decay * product / 2  # docs/model.md derives it
    with np.errstate(divide="ignore"):
        limits = product / rates - decay
    return Edge(numbers, np.array(values), limits, divides, limit.words, limit.tex, limit.source, limit.approximate)


class _Remembered(Mapping[str, np.ndarray]):
    """What an optimizer remembers after a step, and with t-1 in a symbol before it, as rows (1, d), when asked for."""

    def __init__(self, training: Training, before: Any, after: Any) -> None:
        self._memories = training.optimizer.memories
        self._knobs = {name: jnp.asarray(value) for name, value in training.settings.items()}
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


def _scales(training: Training) -> Iterator[Any]:
    """1/√P at each mark, P being what the step from there divides each coordinate by: that step is made once more."""
    course = Course(
        training.task, training.network, training.optimizer, training.settings, training.twists, training.steps,
        training.seed,
    )  # fmt: skip
    step = partial(advance(course.network, course.optimizer, course.kind), data=course.data)
    limit = training.optimizer.limit
    assert limit is not None and limit.divisor is not None
    for place, state in zip(training.marks, training.states, strict=True):
        number, parameters = int(training.numbers[place]), row(training.parameters, place)
        run, *_ = step(Run(parameters, state, parameters), course.turn(number, 1, 1))
        with np.errstate(all="ignore"):  # a divisor may be 0, or infinite
            remembered = _Remembered(training, state, run.state)
            divisor = np.broadcast_to(
                limit.divisor(remembered, training.settings, np.array([[number + 1]])), (1, training.network.count)
            )
            wide = jax.tree.map(lambda leaf: leaf.astype(np.promote_types(leaf.dtype, np.float32)), parameters)
            yield like(wide, 1 / np.sqrt(divisor[0]))

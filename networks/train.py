"""Training a network: jitted optax steps in pieces, so that one can watch and stop them.

All is computed in float32 unless another precision is asked for. Nothing is compiled again for other knobs, rates,
seeds, first weights or numbers of steps; it is for another network, optimizer, precision or size of mini-batches.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

from engine.descend import SEED, STEPS, filled_in, find_optimizer
from engine.twists import Setting, Twists, checked_twists
from networks.learning import ROWS, STEPS_A_PIECE, Kind, Turn, advance, begin, evaluate
from networks.network import Network, Parameters, initial_parameters
from networks.tasks import Task, find_task
from networks.trees import as_rows, as_vector
from optimizers.base import OPTIMIZERS, Optimizer

PIECES = 50
"""In how many pieces a training is made at most, unless it is longer than so many pieces can be."""

KEPT = 501
"""Of how many steps the parameters are kept at most."""

MOST_KEPT = 4_000_000
"""And how many numbers those may be together: 16 MB."""

KEPT_AT_LEAST = 51
"""But not of fewer than these."""

Status = Literal["finished", "diverged", "stopped"]


class Progress(NamedTuple):
    """How far a training is: the steps made, of how many, and the loss that the last of them was made from."""

    done: int
    steps: int
    loss: float


Report = Callable[[Progress], bool | None]
"""Told how far it is after each piece; False stops it. What it raises ends the training as any error would."""

Follow = Callable[[int, Parameters, Any], None]
"""Told at each mark how many steps are made, the parameters there, and what the optimizer remembers."""


@dataclass(frozen=True, eq=False)
class Training:
    """One training, as NumPy arrays, with the settings that made it.

    Attributes:
        task, network, optimizer, settings, twists, steps, seed: what was trained how, every number filled in.
        length: how many steps were made; `steps` unless it diverged or was stopped.
        status: "finished", "diverged" (the next loss, or its gradient, is not finite) or "stopped".
        losses: (steps,), the loss that each step was made from, on its own examples; NaN where no step was made.
        gradient_norms: (steps,), likewise the norm of its gradient, before clipping, with noise and penalty.
        clipped: (steps,), whether that gradient was clipped.
        numbers: (kept,), the steps after which parameters are kept, in order: 0 is the start, and unless it diverged
            the last is `length`.
        parameters: those parameters, a tree whose leaves have a leading axis (kept,). A method that returns another
            point than the one at which it asks for gradients (schedule-free SGD) is kept at the point that it returns.
        train_losses, train_accuracies: (kept,), over all examples to learn from.
        test_losses, test_accuracies: (kept,), over those held out.
        marks: (marks,), places in `numbers` at which a piece began, and the last unless it diverged.
        states: what the optimizer remembered there.
    """

    task: Task
    network: Network
    optimizer: Optimizer
    settings: Mapping[str, float]
    twists: Twists
    steps: int
    seed: int
    length: int
    status: Status
    losses: np.ndarray
    gradient_norms: np.ndarray
    clipped: np.ndarray
    numbers: np.ndarray
    parameters: Parameters
    train_losses: np.ndarray
    test_losses: np.ndarray
    train_accuracies: np.ndarray
    test_accuracies: np.ndarray
    marks: np.ndarray
    states: tuple[Any, ...]

    @cached_property
    def path(self) -> np.ndarray:
        """The kept parameters as vectors, shape (kept, d), float64."""
        return as_rows(self.parameters)

    @property
    def start(self) -> Parameters:
        """The first parameters."""
        return jax.tree.map(lambda leaf: leaf[0], self.parameters)

    @property
    def end(self) -> Parameters:
        """The last parameters that are kept."""
        return jax.tree.map(lambda leaf: leaf[-1], self.parameters)

    @cached_property
    def learning_rates(self) -> np.ndarray:
        """The rate of each step, shape (steps,), as the schedule has it; NaN for an optimizer that has none."""
        return self.settings.get("learning_rate", math.nan) * self.twists.shares(self.steps)


def can_train(optimizer: str | Optimizer) -> str:
    """Why an optimizer cannot train a network; "" if it can.

    Raises:
        ValueError: when no optimizer has that key.
    """
    method = find_optimizer(optimizer)
    if "hessian" in method.needs:
        return (
            f"{method.title} solves with the whole Hessian, which has as many rows and columns as the network weights"
        )
    return ""


TRAINERS: tuple[str, ...] = tuple(key for key in OPTIMIZERS if not can_train(key))
"""The keys of the optimizers that can train a network, in display order."""


def train(
    task: str | Task,
    network: Network,
    optimizer: str | Optimizer = "adam",
    *,
    steps: int = 500,
    seed: int = 0,
    parameters: Parameters | None = None,
    report: Report | None = None,
    follow: Follow | None = None,
    **settings: Setting,
) -> Training:
    """Train a network on a task.

    Args:
        task: a key of TASKS, or a task of one's own.
        network: with the task's inputs and classes, as `network_for` makes it.
        optimizer: a key or an entry, one that `can_train`.
        steps: how many, 0 to MAX_STEPS.
        seed: for the first weights, the order of mini-batches and noise.
        parameters: the first weights, in place of drawn ones.
        report: told after each piece how far it is; when it returns False the training stops there.
        follow: told at each mark, of which Training knows, where the training stands.
        **settings: the optimizer's knobs by name, the rest at their defaults; and of what every run takes `schedule`
            with its knobs and `schedule_steps`, `clip_norm`, `clip_value`, `weight_decay`, `l2`, `noise` with
            `noise_decay`, `temperature`, `batch_size`, and `precision`, which is "float32" here unless told otherwise.

    Returns:
        The training. Divergence is a result, and so is a stop.

    Raises:
        ValueError: for a network that does not fit the task, an optimizer that cannot train one, an unknown name, or a
            value that is not allowed; the message names the value and what is allowed.
    """
    course = checked_course(task, network, optimizer, steps, seed, settings)
    first = initial_parameters(network, course.seed) if parameters is None else _checked(network, parameters)
    return _trained(
        course, first, report or (lambda progress: None), follow or (lambda number, parameters, state: None)
    )


@dataclass(frozen=True, eq=False)
class Course:
    """What a training is made of beside its first weights, checked and filled in."""

    task: Task
    network: Network
    optimizer: Optimizer
    settings: Mapping[str, float]
    twists: Twists
    steps: int
    seed: int

    @property
    def kind(self) -> Kind:
        """Which program it needs."""
        noisy = self.twists.noise > 0 or self.twists.temperature > 0
        return Kind(self.twists.precision, self.twists.batch_size, noisy)

    @property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """What its program takes of the task: the inputs with examples last, and the labels."""
        return np.ascontiguousarray(self.task.inputs.T), self.task.labels

    def turn(self, first: int, count: int, every: int) -> Turn:
        """What the program is told for the steps from `first` on."""
        size = np.float64 if self.twists.precision == "float64" else np.float32
        numbers = np.array(self.twists.numbers(0), size)
        shares = np.ones(STEPS_A_PIECE, size)
        shares[:count] = self.twists.shares(first + count)[first:]
        order = None
        if self.twists.batch_size is not None:
            order = mini_batches(self.task.examples, self.twists.batch_size, self.seed, first, STEPS_A_PIECE)
        which = np.array([first, count, every, self.seed], np.int32)
        return Turn(which, np.array(list(self.settings.values()), size), shares, numbers, order)


def checked_course(
    task: str | Task,
    network: Network,
    optimizer: str | Optimizer,
    steps: int,
    seed: int,
    settings: Mapping[str, Setting],
) -> Course:
    """The course of a training, every number checked and filled in. Raises as `train` does."""
    found = find_task(task) if isinstance(task, str) else task
    count, number = int(STEPS.check("steps", steps)), int(SEED.check("seed", seed))
    if (network.inputs, network.classes) != (found.columns, found.classes):
        raise ValueError(
            f"a network from {network.inputs} inputs to {network.classes} classes does not fit {found.key}, which has "
            f"{found.columns} and {found.classes}"
        )
    method = find_optimizer(optimizer)
    if reason := can_train(method):
        raise ValueError(f"{method.key} cannot train a network: {reason}")
    for name in ("loss_scaling", "workers", "local_steps", "delay"):
        if settings.get(name) not in (None, "none", 1 if name != "delay" else 0):
            raise ValueError(
                f"{name} = {settings[name]!r} is not allowed: networks are trained by one worker, unscaled"
            )
    knobs = filled_in(method.knobs, settings)
    rest = {name: value for name, value in settings.items() if name not in knobs}
    if rest.get("precision") is None:
        rest["precision"] = "float32"
    return Course(found, network, method, knobs, checked_twists(method, found, rest, count), count, number)


def mini_batches(examples: int, size: int, seed: int, first: int, count: int) -> np.ndarray:
    """Which examples each of `count` steps from `first` on looks at, shape (count, size), int32; -1 where none is left.

    In each epoch all are shuffled anew, by NumPy's generator of (seed, epoch), and taken in pieces of that size, the
    last of which may be smaller.
    """
    each = math.ceil(examples / size)
    steps = np.arange(first, first + count)

    @lru_cache(maxsize=2)
    def pieces(epoch: int) -> np.ndarray:
        order = np.full(each * size, -1, np.int32)
        order[:examples] = np.random.default_rng((seed, epoch)).permutation(examples)
        return order.reshape(each, size)

    return np.stack([pieces(int(step) // each)[step % each] for step in steps])


def _checked(network: Network, parameters: Parameters) -> Parameters:
    """First weights of one's own as float arrays."""
    shapes = [leaf.shape for leaf in jax.tree.leaves(initial_parameters(network))]
    given = [np.shape(leaf) for leaf in jax.tree.leaves(parameters)]
    if shapes != given or not np.isfinite(as_vector(parameters)).all():
        raise ValueError(f"parameters of shapes {given} are not allowed: finite ones of shapes {shapes}")
    return jax.tree.unflatten(jax.tree.structure(initial_parameters(network)), jax.tree.leaves(parameters))


def _rhythm(steps: int, count: int) -> tuple[int, int]:
    """After how many steps the parameters are kept, and of how many steps a piece is made: a multiple of that."""
    kept = max(KEPT_AT_LEAST, min(KEPT, MOST_KEPT // count))
    every = max(1, math.ceil(steps / (kept - 1)))
    return every, every * max(1, min(math.ceil(steps / (every * PIECES)), ROWS, STEPS_A_PIECE // every))


class _Kept:
    """The parameters that are kept of a training, and what they are judged to be."""

    def __init__(self, course: Course) -> None:
        self._task, self._judged = course.task, evaluate(course.network)
        # Of all examples the step itself knows loss and share, unless it asks for gradients elsewhere or rounds.
        self._known = course.kind.batch_size is None and course.kind.exact and course.optimizer.report is None
        self._numbers: list[int] = []
        self._rows, self._judgements = [], []

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, numbers: range, rows: Parameters, records: np.ndarray | None = None) -> bool:
        """Keep as many rows as there are numbers, the first of ROWS; whether the last has a finite loss.

        `records` are those of the steps with these numbers, if they were made.
        """
        task, count = self._task, len(numbers)
        if records is not None and self._known and len(records) == count:
            learnt = records[:, [0, 3]]
        else:
            learnt = np.asarray(self._judged(rows, (task.inputs, task.labels)), float)[:count]
        held_out = np.asarray(self._judged(rows, (task.test_inputs, task.test_labels)), float)[:count]
        self._numbers += numbers
        self._rows.append(jax.tree.map(lambda leaf: np.asarray(leaf)[:count], rows))
        self._judgements.append(np.concatenate([learnt, held_out], axis=1))
        return count > 0 and bool(np.isfinite(learnt[-1, 0]))

    def drop_last(self) -> None:
        """Forget the last of them."""
        for pieces in (self._numbers, self._rows, self._judgements):
            del pieces[-1]

    def arrays(self) -> dict[str, Any]:
        """All of it by the names that a training has for it."""
        train_loss, train_accuracy, test_loss, test_accuracy = np.concatenate(self._judgements).T
        return {
            "numbers": np.array(self._numbers), "parameters": jax.tree.map(lambda *a: np.concatenate(a), *self._rows),
            "train_losses": train_loss, "train_accuracies": train_accuracy,
            "test_losses": test_loss, "test_accuracies": test_accuracy,
        }  # fmt: skip


def _trained(course: Course, first: Parameters, report: Report, follow: Follow) -> Training:
    """The training itself, piece by piece."""
    steps, data = course.steps, course.data
    every, each = _rhythm(steps, course.network.count)
    programs = course.network, course.optimizer, course.kind
    compiled, run = advance(*programs), begin(*programs)(first, course.turn(0, 0, 1).knobs)
    records, kept, marks, states = np.full((steps, 4), np.nan), _Kept(course), [], []
    made, status = 0, "finished"
    while made < steps and status == "finished":
        count = min(each, steps - made)
        before = run
        run, piece, rows, valid = compiled(run, course.turn(made, count, every), data)
        valid = int(valid)
        if valid or not made:
            marks.append(len(kept))
            states.append(before.state)
            follow(made, before.reported, before.state)
        records[made : made + valid] = np.asarray(piece)[:valid]
        kept.add(range(made, made + max(valid, made == 0), every), rows, records[made : made + valid : every])
        made += valid
        if valid < count:
            status = "diverged"
        elif report(Progress(made, steps, float(records[made - 1, 0]))) is False and made < steps:
            status = "stopped"
    if status != "diverged":
        marks.append(len(kept))
        states.append(run.state)
    if status != "diverged" and not kept.add(range(made, made + 1), _repeated(run.reported)) and made:
        kept.drop_last()
        del marks[-1], states[-1]
        status = "diverged"
    elif status != "diverged":
        follow(made, run.reported, run.state)
    return Training(
        task=course.task, network=course.network, optimizer=course.optimizer, settings=course.settings,
        twists=course.twists, steps=steps, seed=course.seed, length=max(0, made - (status == "diverged")),
        status=status, losses=records[:, 0], gradient_norms=records[:, 1], clipped=records[:, 2] == 1,
        marks=np.array(marks, int), states=tuple(states), **kept.arrays(),
    )  # fmt: skip


def _repeated(parameters: Parameters) -> Parameters:
    """Parameters as so many rows as are judged together."""
    return jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], ROWS, axis=0), parameters)

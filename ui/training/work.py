"""The work behind the Networks page: train, lay a plane through the parameters, and see the loss on it.

Everything here runs in the queue (ui/jobs.py) and reports how far it is; a report ends what nobody wants any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import jax
import numpy as np

from networks import (
    Plane,
    Projection,
    Task,
    Training,
    cross_entropy,
    extent_around,
    find_task,
    forward,
    line,
    loss_plane,
    pca_directions,
    project,
    random_directions,
    through,
)
from networks.trees import row
from optimizers import OPTIMIZERS
from ui.address import written
from ui.comparison import symbol
from ui.jobs import Report
from ui.numbers import number
from ui.stage.slices import Projected, Slice
from ui.training.scenario import NetworkScenario, Side
from ui.training.trainings import Trainings, part, within

BLOCKS, BLOCK = 3, 17
"""The plane's grid is made in so many blocks a way of so many points a way: between them one can stop."""

LINE = 41
"""Points on the line between two runs."""

REGION = 81
"""Points along each side at which a network is asked what it says of a place."""

OF_TRAINING, OF_PLANE = 0.55, 0.4
"""The shares of the work, about, that training and the plane take."""


@dataclass(frozen=True, eq=False)
class Run:
    """One training as the page shows it, without its parameters.

    Attributes:
        label: what it is called.
        side: the contender.
        numbers: (rows,), the steps at which it was looked at.
        train_losses, test_losses, train_accuracies, test_accuracies: (rows,).
        distances: (rows,), how far it is from the plane.
        travelled: (rows,), how far it is from its own start, in all dimensions.
        share: the share of its variance that lies along the plane.
        steps, seed, status: how many steps were asked for, from which seed, and how it ended.
        count: how many parameters there are.
        regions: (REGION, REGION), the probability of kind 1 on the task's plane; None where it has more inputs.
    """

    label: str
    side: Side
    numbers: np.ndarray
    train_losses: np.ndarray
    test_losses: np.ndarray
    train_accuracies: np.ndarray
    test_accuracies: np.ndarray
    distances: np.ndarray
    travelled: np.ndarray
    share: float
    steps: int
    seed: int
    status: str
    count: int
    regions: np.ndarray | None


class Between(NamedTuple):
    """The loss on the straight way from the end of the first run to that of the second."""

    shares: np.ndarray
    losses: np.ndarray
    test_losses: np.ndarray
    barrier: float


@dataclass(frozen=True, eq=False)
class Picture:
    """What one stage shows: a slice with the runs laid onto it."""

    plane: Slice
    paths: tuple[Projected, ...]
    runs: tuple[Run, ...]
    every: int
    between: Between | None


Pictures = tuple[Picture, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """What is on the page: the pictures, and the scenario that they are of."""

    scenario: NetworkScenario
    pictures: Pictures

    @property
    def runs(self) -> list[Run]:
        """All runs that are shown."""
        return list(chain.from_iterable(picture.runs for picture in self.pictures))

    @property
    def title(self) -> str:
        """What is learnt."""
        return find_task(self.scenario.task).title


def pictures(scenario: NetworkScenario, trainings: Trainings, report: Report) -> Pictures:
    """What the page shows of a scenario: one picture for sides with the same network, else one for each.

    Raises:
        ValueError: where there is no such plane; the message says why.
    """
    groups = groups_of(scenario)
    return tuple(_picture(group, trainings, part(report, place, len(groups))) for place, group in enumerate(groups))


class Group(NamedTuple):
    """The sides that share a picture: their scenario, and what each is called."""

    scenario: NetworkScenario
    names: list[str]


def groups_of(scenario: NetworkScenario) -> list[Group]:
    """The groups of a scenario."""
    first, *others = scenario.sides
    names = labels(scenario.sides)
    if all(first.same_network(other) for other in others):
        return [Group(scenario, names)]
    return [Group(replace(scenario, sides=(side,)), [name]) for side, name in zip(scenario.sides, names, strict=True)]


def _picture(group: Group, trainings: Trainings, report: Report) -> Picture:
    scenario, entrants = group.scenario, entrants_of(group)
    of_training = within(report, 0, OF_TRAINING)
    trained = [
        _widened(trainings.training(scenario, side, seed, part(of_training, place, len(entrants))))
        for place, (_, side, seed) in enumerate(entrants)
    ]
    report(OF_TRAINING, "laying the plane")
    plane = _plane(scenario, trained)
    shadows = [project(plane, training.parameters) for training in trained]
    drawn = _slice(scenario, plane, trained[0], shadows, within(report, OF_TRAINING, OF_TRAINING + OF_PLANE))
    report(OF_TRAINING + OF_PLANE, "looking at the results")
    runs = tuple(
        _run(label, side, training, shadow)
        for (label, side, _), training, shadow in zip(entrants, trained, shadows, strict=True)
    )
    numbers = max((training.numbers for training in trained), key=len)
    every = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    paths = tuple(_projected(run, shadow, every) for run, shadow in zip(runs, shadows, strict=True))
    between = _between(trained[0], trained[1]) if scenario.plane == "runs" else None
    return Picture(drawn, paths, runs, every, between)


def _widened(training: Training) -> Training:
    """A training with parameters of float32 at least: planes and what is seen on them are not to be rounded."""

    def wide(leaf: Any) -> np.ndarray:
        return leaf.astype(np.promote_types(leaf.dtype, np.float32))

    return replace(training, parameters=jax.tree.map(wide, training.parameters))


def entrants_of(group: Group) -> list[tuple[str, Side, int]]:
    """Who is trained: label, side and seed. A plane through three runs takes other seeds of the first side to three."""
    scenario = group.scenario
    entrants = [(name, side, scenario.seed) for name, side in zip(group.names, scenario.sides, strict=True)]
    if scenario.plane == "runs":
        label, side, seed = entrants[0]
        more = range(seed + 1, seed + 4 - len(entrants))
        entrants = [(f"{name}, seed {seed}", one, seed) for name, one, _ in entrants]
        entrants += [(f"{label}, seed {other}", side, other) for other in more]
    return entrants


def labels(sides: Sequence[Side]) -> list[str]:
    """What each side is called: its optimizer's title, and what tells it from the other."""
    names = []
    for side in sides:
        told = [OPTIMIZERS[side.optimizer].title]
        others = [other for other in sides if other is not side]
        if any(other.optimizer == side.optimizer for other in others):
            differ = [n for n, v in side.settings.items() if any(o.settings.get(n) != v for o in others)]
            told += [f"{symbol(name)} = {written(side.settings[name])}" for name in differ]
        if any(not other.same_network(side) for other in others):
            told.append(network_words(side))
        elif any(other.initialisation != side.initialisation for other in others):
            told.append(f"{side.initialisation} start")
        names.append(", ".join(told))
    return [f"{name} ({k + 1})" if names.count(name) > 1 else name for k, name in enumerate(names)]


def network_words(side: Side) -> str:
    """A network in few words: 2 × 32 tanh."""
    return f"{side.layers} × {side.width} {side.activation}" if side.layers else "no hidden layer"


def _plane(scenario: NetworkScenario, trained: Sequence[Training]) -> Plane:
    """The plane that the scenario asks for; where the runs do not move, random directions around their end."""
    end = trained[0].end
    moving = [training for training in trained if np.ptp(training.path, axis=0).any()]
    if scenario.plane == "runs":
        return through(*(training.end for training in trained[:3]))
    if scenario.plane == "checkpoints" and moving:
        last = trained[1].end if len(trained) > 1 else end
        return through(trained[0].start, _halfway(trained[0]) if len(trained) == 1 else end, last)
    if scenario.plane == "pca" and moving:
        together = jax.tree.map(lambda *leaves: np.concatenate(leaves), *(one.parameters for one in moving))
        found = pca_directions(together)
        return Plane(end, found.first, found.second)
    found = random_directions(end, scenario.seed, scenario.normalise)
    return Plane(end, found.first, found.second)


def _halfway(training: Training) -> Any:
    """The kept parameters at which half of the way is gone, measured along the path."""
    lengths = np.linalg.norm(np.diff(training.path, axis=0), axis=1)
    gone = np.concatenate([[0], np.cumsum(lengths)])
    middle = int(np.clip(np.searchsorted(gone, gone[-1] / 2), 1, max(1, len(gone) - 2)))
    return row(training.parameters, middle)


def _slice(
    scenario: NetworkScenario, plane: Plane, training: Training, shadows: Sequence[Projection], report: Report
) -> Slice:
    """The loss on the plane, block by block."""
    (left, right), (bottom, top) = _extent(scenario, shadows)
    size = BLOCKS * BLOCK
    a, b = np.linspace(left, right, size), np.linspace(bottom, top, size)
    losses = np.empty((size, size))
    loss, data = cross_entropy(training.network), (training.task.inputs, training.task.labels)
    for place in range(BLOCKS**2):
        report(place / BLOCKS**2, "looking at the loss on the plane")
        rows, columns = (slice(BLOCK * k, BLOCK * (k + 1)) for k in divmod(place, BLOCKS))
        within = (float(a[columns][0]), float(a[columns][-1])), (float(b[rows][0]), float(b[rows][-1]))
        losses[rows, columns] = loss_plane(loss, plane, within, BLOCK, data).losses
    return Slice(f"{training.task.title}, {PLANE_TITLES[scenario.plane]}", ("a", "b"), a, b, losses)


PLANE_TITLES = {
    "pca": "the plane of the path's main directions",
    "random": "a plane of random directions",
    "checkpoints": "the plane through three checkpoints",
    "runs": "the plane through three runs",
}


def _extent(scenario: NetworkScenario, shadows: Sequence[Projection]) -> tuple[tuple[float, float], ...]:
    """From where to where the plane is drawn, both ways."""
    if scenario.plane == "random":
        return ((-scenario.extent, scenario.extent),) * 2
    places = np.concatenate([shadow.coordinates for shadow in shadows])
    around = extent_around(shadows[0]._replace(coordinates=places))
    middles = [(low + high) / 2 for low, high in around]
    halves = [(high - low) / 2 * scenario.extent for low, high in around]
    return tuple((middle - half, middle + half) for middle, half in zip(middles, halves, strict=True))


def _run(label: str, side: Side, training: Training, shadow: Projection) -> Run:
    return Run(
        label=label, side=side, numbers=training.numbers, train_losses=training.train_losses,
        test_losses=training.test_losses, train_accuracies=training.train_accuracies,
        test_accuracies=training.test_accuracies, distances=shadow.distances,
        travelled=np.linalg.norm(training.path - training.path[0], axis=1), share=shadow.share, steps=training.steps,
        seed=training.seed, status=training.status, count=training.network.count, regions=_regions(training),
    )  # fmt: skip


def region_axes(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The places along both sides of a task's plane at which a network is asked, each of shape (REGION,)."""
    both = np.concatenate([task.inputs, task.test_inputs]).astype(float)
    low, high = both.min(axis=0), both.max(axis=0)
    margin = 0.15 * (high - low)
    return tuple(np.linspace(low[k] - margin[k], high[k] + margin[k], REGION) for k in (0, 1))  # pyright: ignore[reportReturnType]


def _regions(training: Training) -> np.ndarray | None:
    """What the network at its end says of the task's plane: the probability of kind 1."""
    if not training.task.is_plane:
        return None
    places = np.stack(np.meshgrid(*region_axes(training.task)), axis=-1).reshape(-1, 2).astype(np.float32)
    scores = np.asarray(_scores(training)(training.end, places), float)
    with np.errstate(over="ignore", invalid="ignore"):
        return (1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))).reshape(REGION, REGION)


def _scores(training: Training) -> Callable[..., Any]:
    return lambda parameters, places: forward(training.network, parameters, places)


def _projected(run: Run, shadow: Projection, every: int) -> Projected:
    return Projected(
        label=run.label, points=shadow.coordinates, losses=run.train_losses, held_out=run.test_losses,
        rows=-(-run.steps // every) + 1, summary=summary(run), reason="",
    )  # fmt: skip


def summary(run: Run) -> str:
    """A run in a sentence, for everyone who cannot or does not watch it."""
    made = int(run.numbers[-1])
    ends = f"training loss {number(run.train_losses[0])} to {number(run.train_losses[-1])}"
    right = f"{run.test_accuracies[-1]:.1%} of the test examples right"
    broken = "; after that the loss is not finite" if run.status == "diverged" else ""
    return f"{run.label}, {made:,} of {run.steps:,} steps: {ends}, {right}{broken}."


def _between(first: Training, second: Training) -> Between:
    """The loss on the way from the end of one run to that of another."""
    loss, task = cross_entropy(first.network), first.task
    way = line(loss, first.end, second.end, LINE, (task.inputs, task.labels))
    unseen = line(loss, first.end, second.end, LINE, (task.test_inputs, task.test_labels))
    return Between(way.shares, way.losses, unseen.losses, way.barrier)

"""Training for the Networks page: what is asked for by a scenario, the last few that were made, and one on its way."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from networks import Edge, EdgeWatch, Network, Progress, Training, checked_course, find_task, network_for, train
from optimizers import OPTIMIZERS
from ui.jobs import Report
from ui.training.scenario import NetworkScenario, Side, twists_of

KEPT_TRAININGS = 6
"""How many trainings are kept, the last used: up to 16 MB each."""


@dataclass(frozen=True, eq=False)
class Live:
    """A training as far as it is.

    Attributes:
        label: what it is called.
        steps: how many it shall make.
        numbers, losses: the steps at which it was looked at, and the loss that each was made from.
        edge: its sharpness so far; None where nobody asks for it.
    """

    label: str
    steps: int
    numbers: tuple[int, ...]
    losses: tuple[float, ...]
    edge: Edge | None = None


class Trainings:
    """Trains, and keeps the last few trainings, so that another plane needs no other training. For one thread."""

    def __init__(self, room: int = KEPT_TRAININGS) -> None:
        self._room = room
        self._kept: OrderedDict[tuple[Any, ...], Training] = OrderedDict()

    def training(
        self, scenario: NetworkScenario, side: Side, seed: int, report: Report, watch: EdgeWatch | None = None
    ) -> Training:
        """The training of a side from that seed; `watch` goes along where it has to be made."""
        what = (
            scenario.task, side.widths, side.activation, side.initialisation, side.optimizer, scenario.steps, seed,
            tuple(sorted(settings_of(scenario, side).items())),
        )  # fmt: skip
        known = self._kept.get(what)
        if known is None:
            known = self._kept[what] = _trained(scenario, side, seed, report, watch)
            while len(self._kept) > self._room:
                self._kept.popitem(last=False)
        self._kept.move_to_end(what)
        return known


def settings_of(scenario: NetworkScenario, side: Side) -> dict[str, Any]:
    """What the training of a side is told beside task, network, optimizer, steps and seed."""
    return {**side.settings, **twists_of(scenario, side)[0]}


def network_of(scenario: NetworkScenario, side: Side) -> Network:
    """The network of a side."""
    return network_for(find_task(scenario.task), side.widths, side.activation, side.initialisation)


def watch_of(scenario: NetworkScenario, side: Side, seed: int) -> EdgeWatch:
    """What finds the sharpness along the training of a side."""
    network, settings = network_of(scenario, side), settings_of(scenario, side)
    return EdgeWatch(checked_course(scenario.task, network, side.optimizer, scenario.steps, seed, settings))


def _trained(
    scenario: NetworkScenario, side: Side, seed: int, report: Report, watch: EdgeWatch | None = None
) -> Training:
    named = OPTIMIZERS[side.optimizer].title
    numbers: list[int] = []
    losses: list[float] = []

    def told(progress: Progress) -> None:
        numbers.append(progress.done - 1)
        losses.append(progress.loss)
        found = None if watch is None else watch.found()
        words = f"{named}, step {progress.done:,} of {progress.steps:,}"
        report(progress.done / progress.steps, words, Live(named, progress.steps, (*numbers,), (*losses,), found))

    report(0.0, f"{named}: getting ready")
    return train(
        scenario.task, network_of(scenario, side), side.optimizer, steps=scenario.steps, seed=seed, report=told,
        follow=None if watch is None else watch.add, **settings_of(scenario, side),
    )  # fmt: skip


def part(report: Report, place: int, count: int) -> Report:
    """The report of one of some equal parts of a work."""
    return within(report, place / count, (place + 1) / count)


def within(report: Report, low: float, high: float) -> Report:
    """The report of what takes the work from one share to another."""
    return lambda share, doing, so_far=None: report(low + share * (high - low), doing, so_far)

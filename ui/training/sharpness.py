"""The sharpness along the trainings of a scenario, found while they are made, or after."""

from itertools import chain
from typing import Any

from networks import Edge, edge
from ui.jobs import Report
from ui.training.scenario import NetworkScenario
from ui.training.trainings import Live, Trainings, part, watch_of
from ui.training.work import entrants_of, groups_of


def edges(scenario: NetworkScenario, trainings: Trainings, report: Report) -> tuple[tuple[Edge, ...], ...]:
    """The sharpness along each run of each picture."""
    groups = [entrants_of(group) for group in groups_of(scenario)]
    runs = list(chain.from_iterable(groups))
    parts = (part(report, place, len(runs)) for place in range(len(runs)))
    return tuple(tuple(_edge(scenario, trainings, entrant, next(parts)) for entrant in group) for group in groups)


def _edge(scenario: NetworkScenario, trainings: Trainings, entrant: tuple[str, Any, int], report: Report) -> Edge:
    label, side, seed = entrant
    watch = watch_of(scenario, side, seed)
    training = trainings.training(scenario, side, seed, report, watch)
    known = watch.found()
    if len(known.numbers) == len(training.marks):
        return known

    def told(found: Edge, count: int) -> None:
        done = len(found.numbers)
        places = training.numbers[training.marks[:done]]
        live = Live(label, training.steps, tuple(places), tuple(training.train_losses[training.marks[:done]]), found)
        report(done / count, f"{label}: sharpness at place {done} of {count}", live)

    return edge(training, report=told)

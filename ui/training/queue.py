"""The queue of the Networks page, one for all visitors: it makes the pictures of trainings, named by their settings."""

from dataclasses import replace
from typing import Any, Literal

from ui.jobs import Jobs, Report, Standing
from ui.training.scenario import NetworkScenario, from_query, to_query
from ui.training.sharpness import edges
from ui.training.trainings import Trainings
from ui.training.work import pictures

QUICK = 0.9
"""Seconds for which a page waits in silence before it shows how far the work is."""

SOON = 0.4
"""And for its end each time that it has shown that."""

UNDER_WAY = ("waiting", "running")
"""The states of work that is still to come to an end."""

KEPT = 32
"""How many pictures are kept: some hundred kilobytes each."""

What = Literal["pictures", "edges"]
Key = tuple[What, tuple[tuple[str, str], ...]]

_trainings = Trainings()


def key_of(scenario: NetworkScenario, what: What = "pictures") -> Key:
    """What the queue calls the work for a scenario: how its curve is shown does not matter."""
    return what, tuple(sorted(to_query(replace(scenario, curve="loss")).items()))


def _work(key: Key, report: Report) -> Any:
    scenario, _ = from_query(dict(key[1]))
    make = pictures if key[0] == "pictures" else edges
    return make(scenario, _trainings, report)


JOBS: Jobs[Key, Any] = Jobs(_work, workers=1, kept=KEPT)
"""Pictures by the settings of their trainings, and the sharpness along these."""


def wanted(visitor: str, key: Key, again: bool = False) -> Standing[Any]:
    """How a work stands, after a moment in which it may be done."""
    standing = JOBS.want(visitor, key, again)
    if standing.state in UNDER_WAY and JOBS.settled(key, QUICK):
        standing = JOBS.want(visitor, key)
    return standing

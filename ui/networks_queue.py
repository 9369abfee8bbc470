"""The queue of the Networks page, one for all visitors: it makes the pictures of trainings, named by their settings."""

from dataclasses import replace
from typing import Literal

from ui.jobs import Jobs, Report, Standing
from ui.networks_scenario import NetworkScenario, from_query, to_query
from ui.networks_work import Pictures, Trainings, pictures

QUICK = 0.9
"""Seconds for which a page waits in silence before it shows how far the work is."""

KEPT = 32
"""How many pictures are kept: some hundred kilobytes each."""

What = Literal["pictures"]
Key = tuple[What, tuple[tuple[str, str], ...]]

_trainings = Trainings()


def key_of(scenario: NetworkScenario, what: What = "pictures") -> Key:
    """What the queue calls the work for a scenario; how its curve is shown does not matter."""
    return what, tuple(sorted(to_query(replace(scenario, curve="loss")).items()))


def _work(key: Key, report: Report) -> Pictures:
    scenario, _ = from_query(dict(key[1]))
    return pictures(scenario, _trainings, report)


JOBS: Jobs[Key, Pictures] = Jobs(_work, workers=1, kept=KEPT)


def wanted(visitor: str, scenario: NetworkScenario, again: bool) -> Standing[Pictures]:
    """How the work for a scenario stands, after a moment in which it may be done."""
    key = key_of(scenario)
    standing = JOBS.want(visitor, key, again)
    if standing.state in ("waiting", "running") and JOBS.settled(key, QUICK):
        standing = JOBS.want(visitor, key)
    return standing

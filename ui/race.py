"""What a comparison comes to: the rates that were found, the runs and their measures. Knows no Streamlit."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine import Batch, Trajectory, swarm
from engine.compare import Measures, Tuned, contend, measure, tuned
from engine.diagnose import Diagnosis, diagnose
from optimizers import OPTIMIZERS
from ui.comparison import Comparison, Contender, from_query, labels, to_query, twists_of
from ui.starts import beginnings
from ui.surfaces import surface


@dataclass(frozen=True, eq=False)
class Race:
    """One comparison, run.

    Attributes:
        names: what each contender is called.
        found: the best rate of each contender's dial; None where it is not looked for, or there is no rate.
        runs: each contender's run from the start.
        measures: what it came to; one row each. Over all the starts or seeds where there are many.
        diagnoses: the verdict on each of the runs.
    """

    names: tuple[str, ...]
    found: tuple[Tuned | None, ...]
    runs: tuple[Trajectory, ...]
    measures: tuple[Measures, ...]
    diagnoses: tuple[Diagnosis, ...]

    def arrived(self, place: int) -> int:
        """How many runs of a contender arrived."""
        return int(np.isfinite(self.measures[place].steps).sum())


def race(comparison: Comparison) -> Race:
    """Run all contenders. The last few comparisons are kept."""
    return _race(tuple(sorted(to_query(comparison).items())))


@lru_cache(maxsize=16)
def _race(query: tuple[tuple[str, str], ...]) -> Race:
    comparison, _ = from_query(dict(query))
    found = tuple(_found(comparison, contender) for contender in comparison.contenders)
    runs = tuple(
        contend(
            surface(comparison.landscape), contender.optimizer, budget=comparison.budget, start=comparison.start,
            seed=comparison.seed, **_keywords(comparison, contender, best),
        )
        for contender, best in zip(comparison.contenders, found, strict=True)
    )  # fmt: skip
    measured = runs if comparison.starts == "one" else swarms(comparison)
    measures = tuple(measure(one, budget=comparison.budget, tolerance=comparison.tolerance) for one in measured)
    return Race(tuple(labels(comparison.contenders)), found, runs, measures, tuple(diagnose(run) for run in runs))


def swarms(comparison: Comparison) -> tuple[Batch, ...]:
    """For each contender its runs from all the starts, or with all the seeds."""
    entry = surface(comparison.landscape)
    starts, seeds = beginnings(comparison.starts, entry, comparison.start, comparison.spread, comparison.seed)
    return tuple(
        swarm(
            entry, contender.optimizer, starts=starts, seeds=seeds, steps=comparison.budget,
            **_keywords(comparison, contender, _found(comparison, contender)),
        )
        for contender in comparison.contenders
    )  # fmt: skip


def _keywords(comparison: Comparison, contender: Contender, found: Tuned | None) -> dict[str, Any]:
    """The keywords of a contender's runs: its own settings, but for the learning rate where that is decided for all."""
    settings = dict(contender.settings)
    if "learning_rate" in settings:
        if comparison.rates == "same":
            settings["learning_rate"] = comparison.rate
        elif found is not None:
            settings["learning_rate"] = found.rate
    twists, _ = twists_of(comparison, contender)
    return {**comparison.parameters, **settings, **twists}


def _found(comparison: Comparison, contender: Contender) -> Tuned | None:
    if comparison.rates != "best" or "learning_rate" not in OPTIMIZERS[contender.optimizer].knobs:
        return None
    twists, _ = twists_of(comparison, contender)
    own = {name: value for name, value in contender.settings.items() if name != "learning_rate"}
    settings = tuple((own | twists).items())
    where = (comparison.landscape, tuple(comparison.parameters.items()), comparison.start)
    return _tuned(where, contender.optimizer, settings, comparison.budget, comparison.tolerance, comparison.seed)


@lru_cache(maxsize=256)
def _tuned(where: tuple, optimizer: str, settings: tuple, budget: int, tolerance: float, seed: int) -> Tuned:
    landscape, parameters, start = where
    return tuned(
        surface(landscape), optimizer, budget=budget, tolerance=tolerance, start=start, seed=seed, **dict(parameters),
        **dict(settings),
    )  # fmt: skip

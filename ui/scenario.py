"""One frozen Scenario: everything that decides a run, and its two-way translation to the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from engine import Batch, Trajectory, descend, swarm
from engine.batch import BATCH_STEPS
from engine.descend import COORDINATE, SEED, STEPS, RateChanges, checked_rate_changes
from knobs import Knob
from landscapes.base import Point
from optimizers import OPTIMIZERS
from ui.address import LONGEST_NUMBER, Query, quoted, read, single_values, written
from ui.restraint import refuse_restraint
from ui.starts import SPREAD, Starts, beginnings, read_starts
from ui.surfaces import FORMULA, name_of, read_surface, surface, surface_query
from ui.twists import SCHEDULE, WORDS, Twist, asked_twist, fitting, has_chance, twist_query

OPENING = ("rosenbrock", "momentum")
"""The surface and the optimizer that the page opens on."""

OPENING_SETTINGS = {"learning_rate": 0.0015, "momentum": 0.95}
"""That pair's own defaults, for a run worth watching: it swings across the valley, shoots past and arrives."""

CHANGES = "then"
"""The name of the rate changes in the address."""

MOST_CHANGES = 8


@dataclass(frozen=True)
class Scenario:
    """What is run, every number filled in.

    Attributes:
        landscape: the key of a surface, or a formula (ui/surfaces.py); optimizer: a key.
        parameters: the landscape's knobs by name; settings: the optimizer's.
        start: (x, y).
        steps, seed: how many updates; where random numbers begin.
        rate_changes: (step, learning rate) in the order of the steps: from that row on the run goes on with that rate.
        twists: what is added to the optimizer's rule, as keywords of `descend` (ui/twists.py); nothing that is off.
        starts: "one", or where the runs that go along begin (ui/starts.py).
        spread: how wide a cloud of them is, as a share of the map's side.
    """

    landscape: str
    parameters: Mapping[str, float]
    optimizer: str
    settings: Mapping[str, float]
    start: Point
    steps: int
    seed: int
    rate_changes: RateChanges = ()
    twists: Mapping[str, Twist] = field(default_factory=dict)
    starts: Starts = "one"
    spread: float = SPREAD.default


def default_scenario(landscape: str = OPENING[0], optimizer: str = OPENING[1]) -> Scenario:
    """The scenario of a landscape and an optimizer with every number at its default, that of its entry.

    Raises:
        KeyError: for an optimizer that is not in the registry.
        ValueError: for a landscape that is neither a key nor a formula.
    """
    entry = surface(landscape)
    x, y = entry.start
    opening = OPENING_SETTINGS if (landscape, optimizer) == OPENING else {}
    return Scenario(
        landscape=landscape,
        parameters=defaults(entry.parameters),
        optimizer=optimizer,
        settings=defaults(OPTIMIZERS[optimizer].knobs) | opening,
        start=(float(x), float(y)),
        steps=int(STEPS.default),
        seed=int(SEED.default),
    )


def defaults(knobs: Mapping[str, Knob]) -> dict[str, float]:
    """Every knob's default by name."""
    return {name: float(knob.default) for name, knob in knobs.items()}


def run(scenario: Scenario) -> Trajectory:
    """The run of a scenario."""
    return descend(
        surface(scenario.landscape),
        scenario.optimizer,
        start=scenario.start,
        steps=scenario.steps,
        seed=scenario.seed,
        rate_changes=scenario.rate_changes,
        **keywords(scenario),
    )


def runs_along(scenario: Scenario) -> Batch | None:
    """The many runs that go along with that of a scenario, BATCH_STEPS at most of their steps; None for one start.

    None also where the learning rate changes on the way: that is the one run's own past. The last few are kept.
    """
    if scenario.starts == "one" or scenario.rate_changes:
        return None
    return _runs_along(tuple(sorted(to_query(scenario).items())))


@lru_cache(maxsize=8)
def _runs_along(query: tuple[tuple[str, str], ...]) -> Batch:
    scenario, _ = from_query(dict(query))
    entry = surface(scenario.landscape)
    starts, seeds = beginnings(scenario.starts, entry, scenario.start, scenario.spread, scenario.seed)
    steps = min(scenario.steps, BATCH_STEPS)
    return swarm(entry, scenario.optimizer, starts=starts, seeds=seeds, steps=steps, **keywords(scenario))


def keywords(scenario: Scenario) -> dict[str, Any]:
    """Parameters, settings and twists of a scenario as keywords of `descend`; a schedule is made for all its steps."""
    made_for = {"schedule_steps": max(1, scenario.steps)} if SCHEDULE in scenario.twists else {}
    return {**scenario.parameters, **scenario.settings, **scenario.twists, **made_for}


def scenario_of(t: Trajectory) -> Scenario | None:
    """The scenario of which a trajectory is the run; None when no address can name it."""
    landscape = name_of(t.landscape)
    if landscape is None or OPTIMIZERS.get(t.optimizer.key) is not t.optimizer:
        return None
    if t.twists.scheduled and t.twists.schedule_steps != max(1, t.steps):
        return None
    twists, _ = fitting(t.landscape, t.optimizer, t.twists.keywords(), t.steps)
    return Scenario(
        landscape=landscape, parameters=t.parameters, optimizer=t.optimizer.key, settings=t.settings, start=t.start,
        steps=t.steps, seed=t.seed, rate_changes=t.rate_changes, twists=twists,
    )  # fmt: skip


def to_query(scenario: Scenario) -> dict[str, str]:
    """The scenario as the parameters of an address; whatever is at its default is left out."""
    base = default_scenario(scenario.landscape, scenario.optimizer)
    names = surface_query(scenario.landscape, OPENING[0])
    if scenario.optimizer != OPENING[1]:
        names["optimizer"] = scenario.optimizer
    usual = _numbers(base)
    numbers = {name: written(value) for name, value in _numbers(scenario).items() if value != usual[name]}
    changes = ",".join(f"{step}:{written(rate)}" for step, rate in scenario.rate_changes)
    starts = {} if scenario.starts == "one" else {"starts": scenario.starts}
    return names | numbers | twist_query(scenario.twists) | starts | ({CHANGES: changes} if changes else {})


def from_query(query: Query) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario that an address describes. Never raises, whatever stands there.

    Args:
        query: name -> value, or the list of its values where a name may be repeated.

    Returns:
        The scenario, and one sentence for each part that was ignored because it means nothing here; what it names
        stays at its default. The sentences quote the address: show them as plain text.
    """
    single, ignored = single_values(query)
    refuse_restraint(single, ignored)
    landscape = read_surface(single, ignored, OPENING[0])
    optimizer = single.pop("optimizer", OPENING[1])
    if optimizer not in OPTIMIZERS:
        ignored.append(f"optimizer = {quoted(optimizer)} is not known here")
        optimizer = OPENING[1]
    base = default_scenario(landscape, optimizer)
    knobs = _knobs(base)
    numbers = _numbers(base)
    changes: RateChanges = ()
    if CHANGES in single:
        try:
            changes = _parsed_changes(optimizer, single.pop(CHANGES))
        except ValueError as error:
            ignored.append(str(error))
    word = single.pop("starts", "one")
    asked: dict[str, Twist] = {}
    for name, text in single.items():
        if name in WORDS and name not in knobs:
            asked[name] = asked_twist(name, text)
            continue
        if name not in knobs:
            pair = f"{OPTIMIZERS[optimizer].title} on {surface(landscape).title}"
            there = ", ".join(["surface", FORMULA, "optimizer", *knobs, CHANGES, SCHEDULE, "starts"])
            ignored.append(f"{quoted(name)} is not a setting of {pair}; there are {there}")
            continue
        try:
            numbers[name] = knobs[name].check(name, read(text))
        except ValueError as error:
            ignored.append(str(error))
    scenario = _with_numbers(base, numbers)
    twists, refused = fitting(surface(landscape), OPTIMIZERS[optimizer], asked, scenario.steps)
    starts = read_starts(word, has_chance(twists), ignored)
    return replace(scenario, rate_changes=changes, twists=twists, starts=starts), (*ignored, *refused.values())


def _parsed_changes(optimizer: str, text: str) -> RateChanges:
    """The rate changes that a text such as "120:0.03,300:0.01" denotes.

    Raises:
        ValueError: with a sentence that names the text and what is allowed.
    """
    parts = [part.split(":") for part in text[: LONGEST_NUMBER * MOST_CHANGES].split(",")]
    if len(parts) > MOST_CHANGES or any(len(part) != 2 for part in parts):
        raise ValueError(f"{CHANGES} = {quoted(text)} is not allowed: up to {MOST_CHANGES} parts such as 120:0.03")
    try:
        changes = tuple((read(step), read(rate)) for step, rate in parts)
        return checked_rate_changes(OPTIMIZERS[optimizer], changes)  # pyright: ignore[reportArgumentType]  # it checks
    except ValueError as error:
        raise ValueError(f"{CHANGES} = {quoted(text)} is ignored: {error}") from error


def _knobs(scenario: Scenario) -> dict[str, Knob]:
    """Every number of a scenario by its name in the address, as the knob that says what it may be."""
    own = {**surface(scenario.landscape).parameters, **OPTIMIZERS[scenario.optimizer].knobs}
    return own | {"x": COORDINATE, "y": COORDINATE, "steps": STEPS, "seed": SEED, "spread": SPREAD}


def _numbers(scenario: Scenario) -> dict[str, float]:
    """Every number of a scenario by its name in the address."""
    x, y = scenario.start
    common = {"x": x, "y": y, "steps": scenario.steps, "seed": scenario.seed, "spread": scenario.spread}
    return {**scenario.parameters, **scenario.settings, **common}


def _with_numbers(scenario: Scenario, numbers: Mapping[str, float]) -> Scenario:
    """The scenario of the same landscape and optimizer with these numbers; the inverse of `_numbers`."""
    return Scenario(
        landscape=scenario.landscape,
        parameters={name: numbers[name] for name in scenario.parameters},
        optimizer=scenario.optimizer,
        settings={name: numbers[name] for name in scenario.settings},
        start=(numbers["x"], numbers["y"]),
        steps=int(numbers["steps"]),
        seed=int(numbers["seed"]),
        spread=numbers["spread"],
    )

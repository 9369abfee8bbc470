"""The scenario of one visitor: what the Explore page shows, changed through one function, mirrored in the address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from engine.descend import checked_rate_changes, checked_start
from landscapes.base import Point
from optimizers import OPTIMIZERS
from ui import own_formula
from ui.look import Look, look_query, read_look
from ui.mirror import Address, Mirror, whole_address
from ui.restraint import restraint_aside
from ui.scenario import MOST_CHANGES, Scenario, default_scenario, from_query, to_query
from ui.starts import Starts, fitting_starts
from ui.surfaces import surface
from ui.twists import Twist, fitting, has_chance, with_twist


def _look_aside(address: Address) -> tuple[dict[str, str], Address]:
    """What an address says of the stage's look and of locks, which is no part of a scenario, and the rest of it."""
    look, rest = read_look(address)
    restrained, rest = restraint_aside(rest)
    return look_query(look) | restrained, rest


mirror = Mirror("scenario", from_query, to_query, path="", aside=_look_aside)
"""The scenario of one visitor."""


def current() -> Scenario:
    """The scenario to show in this run."""
    scenario = mirror.current()
    _remember(scenario)
    return scenario


def change(scenario: Scenario) -> None:
    """Show this scenario from now on, and put it into the address."""
    mirror.change(scenario)
    _remember(scenario)


def adjust(**changes: Any) -> None:
    """Change some fields of the scenario."""
    change(replace(mirror.latest(), **changes))


def look() -> Look:
    """What the address says is switched on in the stage."""
    return read_look(whole_address())[0]


def set_look(look: Look) -> None:
    """Switch something on or off in the stage."""
    mirror.put_aside(look_query(look) | restraint_aside(whole_address())[0])


def choose_landscape(name: str) -> None:
    """Go to another surface, at its own start, with its parameters as they were left."""
    base = default_scenario(name, mirror.latest().optimizer)
    parameters = _remembered("landscape").get(name, base.parameters)
    _adjust_fitting(landscape=name, parameters=parameters, start=base.start, rate_changes=())


def choose_optimizer(key: str) -> None:
    """Take another optimizer, with its settings as they were left."""
    base = default_scenario(mirror.latest().landscape, key)
    _adjust_fitting(optimizer=key, settings=_remembered("optimizer").get(key, base.settings), rate_changes=())


def set_start(start: Point) -> None:
    """Start the run at this very point; a point that no run may start from is left alone."""
    try:
        adjust(start=checked_start(start))
    except ValueError:
        keep()


def set_start_x(value: float) -> None:
    """Start the run at this x."""
    adjust(start=(value, mirror.latest().start[1]))


def set_start_y(value: float) -> None:
    """Start the run at this y."""
    adjust(start=(mirror.latest().start[0], value))


def set_steps(value: float) -> None:
    """Let the run make this many steps."""
    adjust(steps=int(value))


def set_seed(value: float) -> None:
    """Begin random numbers elsewhere."""
    adjust(seed=int(value))


def set_starts(kind: Starts) -> None:
    """Let many runs go along, or none."""
    adjust(starts=kind)


def set_spread(value: float) -> None:
    """Let them start so far around the start."""
    adjust(spread=value)


def set_parameter(name: str, value: float) -> None:
    """Change one of the surface's parameters."""
    adjust(parameters={**mirror.latest().parameters, name: value})


def set_setting(name: str, value: float) -> None:
    """Change one of the optimizer's settings."""
    adjust(settings={**mirror.latest().settings, name: value})


def set_twist(name: str, value: Twist | None) -> None:
    """Add something to the optimizer's rule, or with None take it away; another schedule begins at its own numbers."""
    _adjust_fitting(twists=with_twist(mirror.latest().twists, name, value))


def _adjust_fitting(**changes: Any) -> None:
    """Change some fields, and leave of the twists and the starts what fits the run then."""
    scenario = replace(mirror.latest(), **changes)
    method = OPTIMIZERS[scenario.optimizer]
    twists, _ = fitting(surface(scenario.landscape), method, scenario.twists, scenario.steps)
    change(replace(scenario, twists=twists, starts=fitting_starts(scenario.starts, has_chance(twists))))


def set_rate(rate: float, first: int | None) -> None:
    """Run with this learning rate: the whole run, or from row `first` on with its past as it is.

    A rate or row that no run may have is left alone.
    """
    scenario = mirror.latest()
    method = OPTIMIZERS[scenario.optimizer]
    try:
        if first is None:
            rate = method.knobs["learning_rate"].check("learning_rate", rate)
            adjust(settings={**scenario.settings, "learning_rate": rate}, rate_changes=())
        else:
            past = [change for change in scenario.rate_changes if change[0] < first]
            adjust(rate_changes=checked_rate_changes(method, [*past[: MOST_CHANGES - 1], (first, rate)]))
    except (KeyError, ValueError):
        keep()


def reset() -> None:
    """Go back to the opening scenario and forget what was set."""
    st.session_state["remembered"] = {}
    mirror.dismiss()
    own_formula.forget()
    change(default_scenario())


def reset_start() -> None:
    """Go back to the surface's own start."""
    adjust(start=default_scenario(mirror.latest().landscape, mirror.latest().optimizer).start)


def keep() -> None:
    """Hold on to the scenario in a rerun that changes nothing: the browser's address may still be an older one."""
    adjust()


def _remembered(kind: str) -> dict[str, Mapping[str, float]]:
    return st.session_state.setdefault("remembered", {}).setdefault(kind, {})


def _remember(scenario: Scenario) -> None:
    _remembered("landscape")[scenario.landscape] = scenario.parameters
    _remembered("optimizer")[scenario.optimizer] = scenario.settings

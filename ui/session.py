"""The scenario of one visitor: held in one place, changed through one function, mirrored in the address.

Every run of the page starts with `current`. A control's callback calls `change`, which writes the address too; so an
address that is not the one written last came from outside (a link, the back button, typing) and is read. What is read
is never written back: going back from there must not lead here again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from engine.descend import checked_rate_changes, checked_start
from landscapes.base import Point
from optimizers import OPTIMIZERS
from ui import own_formula
from ui.look import Look, look_query, read_look
from ui.mirror import arrived, put_into_address
from ui.scenario import MOST_CHANGES, Scenario, default_scenario, from_query, to_query
from ui.starts import Starts, fitting_starts
from ui.surfaces import surface
from ui.twists import Twist, fitting, has_chance, with_twist

Query = dict[str, list[str]]


def current() -> Scenario:
    """The scenario to show in this run: as it was left, for a visitor who comes back by the pages' own links."""
    address = _address()
    if arrived("explore") and not _whole_address() and "scenario" in st.session_state:
        st.session_state.update(address=address, ignored=())
    elif st.session_state.get("address") != address:
        scenario, ignored = from_query(address)
        st.session_state.update(address=address, ignored=ignored, scenario=scenario)
        _remember(scenario)
    return st.session_state["scenario"]


def put_back() -> None:
    """Put into the address what a visitor came back to, by a link that has no settings in it."""
    if not _whole_address():
        put_into_address(to_query(_latest()), "")


def change(scenario: Scenario) -> None:
    """Show this scenario from now on, and put it into the address."""
    _show(scenario, look())


def _show(scenario: Scenario, look: Look) -> None:
    st.query_params.from_dict(to_query(scenario) | look_query(look))
    st.session_state.update(address=_address(), scenario=scenario)
    _remember(scenario)


def look() -> Look:
    """What the address says is switched on in the stage."""
    return read_look(_whole_address())[0]


def set_look(look: Look) -> None:
    """Switch something on or off in the stage."""
    _show(_latest(), look)


def adjust(**changes: Any) -> None:
    """Change some fields of the scenario."""
    change(replace(_latest(), **changes))


def choose_landscape(name: str) -> None:
    """Go to another surface, at its own start, with its parameters as they were left."""
    base = default_scenario(name, _latest().optimizer)
    parameters = _remembered("landscape").get(name, base.parameters)
    _adjust_fitting(landscape=name, parameters=parameters, start=base.start, rate_changes=())


def choose_optimizer(key: str) -> None:
    """Take another optimizer, with its settings as they were left."""
    base = default_scenario(_latest().landscape, key)
    _adjust_fitting(optimizer=key, settings=_remembered("optimizer").get(key, base.settings), rate_changes=())


def set_start(start: Point) -> None:
    """Start the run at this very point; a point that no run may start from is left alone."""
    try:
        adjust(start=checked_start(start))
    except ValueError:
        keep()


def set_start_x(value: float) -> None:
    """Start the run at this x."""
    adjust(start=(value, _latest().start[1]))


def set_start_y(value: float) -> None:
    """Start the run at this y."""
    adjust(start=(_latest().start[0], value))


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
    adjust(parameters={**_latest().parameters, name: value})


def set_setting(name: str, value: float) -> None:
    """Change one of the optimizer's settings."""
    adjust(settings={**_latest().settings, name: value})


def set_twist(name: str, value: Twist | None) -> None:
    """Add something to the optimizer's rule, or with None take it away; another schedule begins at its own numbers."""
    _adjust_fitting(twists=with_twist(_latest().twists, name, value))


def _adjust_fitting(**changes: Any) -> None:
    """Change some fields, and leave of the twists and the starts what fits the run then."""
    scenario = replace(_latest(), **changes)
    method = OPTIMIZERS[scenario.optimizer]
    twists, _ = fitting(surface(scenario.landscape), method, scenario.twists, scenario.steps)
    change(replace(scenario, twists=twists, starts=fitting_starts(scenario.starts, has_chance(twists))))


def set_rate(rate: float, first: int | None) -> None:
    """Run with this learning rate: the whole run, or from row `first` on with its past as it is.

    A rate or row that no run may have is left alone.
    """
    scenario = _latest()
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
    st.session_state.update(remembered={}, ignored=())
    own_formula.forget()
    change(default_scenario())


def reset_start() -> None:
    """Go back to the surface's own start."""
    adjust(start=default_scenario(_latest().landscape, _latest().optimizer).start)


def keep() -> None:
    """Hold on to the scenario in a rerun that changes nothing: the browser's address may still be an older one."""
    adjust()


def ignored() -> tuple[str, ...]:
    """A sentence for each part of the address that was ignored; empty once dismissed. Show them as plain text."""
    return st.session_state.get("ignored", ())


def dismiss() -> None:
    """Say no more about the ignored parts."""
    st.session_state["ignored"] = ()


def _latest() -> Scenario:
    return st.session_state["scenario"] if "scenario" in st.session_state else current()


def _address() -> Query:
    """What the address says of the scenario."""
    return read_look(_whole_address())[1]


def _whole_address() -> Query:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _remembered(kind: str) -> dict[str, Mapping[str, float]]:
    return st.session_state.setdefault("remembered", {}).setdefault(kind, {})


def _remember(scenario: Scenario) -> None:
    _remembered("landscape")[scenario.landscape] = scenario.parameters
    _remembered("optimizer")[scenario.optimizer] = scenario.settings

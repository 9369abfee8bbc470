"""Explore: one surface, one optimizer, one run, and every setting under the hand."""

import streamlit as st

from engine import Trajectory
from optimizers import OPTIMIZERS
from ui import controls, panels, session, share
from ui.display import CurveScale
from ui.export import Subject
from ui.export.page import Shown
from ui.mirror import whole_address
from ui.outcome import stationary
from ui.restraint import Restraint, read_restraint
from ui.scenario import Scenario, run, to_query
from ui.stage import show_stage
from ui.stage.swarm import swarm_along
from ui.surfaces import surface
from ui.twists import in_words
from ui.way_back import way_back


def surroundings(scenario: Scenario) -> tuple[object, ...]:
    """What the page shows around the laboratory: texts of a surface and an optimizer, and of the run what is open."""
    unfolded = st.session_state.get("charts") or st.session_state.get("share")
    return scenario.landscape, scenario.optimizer, (scenario, session.look()) if unfolded else None


@st.fragment
def laboratory(around: tuple[object, ...]) -> None:
    """The controls, the stage and the run in numbers: all that a move of a control draws again.

    `around` is what the page around it was drawn for; when that is no longer right, the whole page is drawn again.
    """
    scenario = session.current()
    if surroundings(scenario) != around:
        st.rerun()
    trajectory = run(scenario)
    restraint = read_restraint(whole_address())
    if st.context.is_embedded:
        stage(scenario, trajectory, restraint)
        share.way_in(taken(scenario).link)
        return
    side, middle = st.columns([1, 3.6], gap="medium")
    # The stage first: what comes first is sent first, and the browser takes its time over the controls.
    with middle:
        stage(scenario, trajectory, restraint)
        if restraint.shows("numbers"):
            panels.numbers(trajectory)
            panels.together(scenario, trajectory)
    with side:
        controls.surface_and_optimizer(scenario, restraint)
        if restraint.frees("settings"):
            more = st.expander("More settings", key="more", on_change=session.keep)
            if more.open:
                with more:
                    controls.details(scenario, restraint)
        elif restraint.shows("settings"):
            panels.locked("Settings", controls.settled(scenario, restraint))
        if restraint.frees("twists"):
            beside = st.expander("Schedule, noise, precision", key="twists", on_change=session.keep)
            if beside.open:
                with beside:
                    controls.twists(scenario)
        elif restraint.shows("twists") and scenario.twists:
            panels.locked("Added", {"": in_words(scenario.twists)})
        if not restraint.locked | restraint.hidden:
            way_back(session.mirror, session.reset)  # not for a class: it would lead away from what the link sets
    session.mirror.remember()


def taken(scenario: Scenario) -> Subject:
    """What can be taken away."""
    trajectory = run(scenario)
    return Subject([trajectory], [trajectory.optimizer.title], share.link(to_query(scenario)))


def scale_of(trajectory: Trajectory) -> CurveScale:
    """Of the loss curve."""
    if trajectory.landscape.step_loss:
        return "tasks"
    return "held_out" if trajectory.landscape.held_out_loss else "log"


def stage(scenario: Scenario, trajectory: Trajectory, restraint: Restraint) -> None:
    """The run, with what of it may be set by hand."""
    show_stage(
        [trajectory],
        on_start=session.set_start if restraint.frees("start") else lambda point: session.keep(),
        on_rate=session.set_rate if restraint.frees("rate") else None,
        look=session.look(),
        on_look=session.set_look,
        swarm=swarm_along(scenario, trajectory),
        scale=scale_of(trajectory),
    )


scenario = session.current()
entry, method = surface(scenario.landscape), OPTIMIZERS[scenario.optimizer]
st.html('<h1 class="unseen">Explore: one optimizer on one surface</h1>')
panels.notice(session.mirror.ignored(), session.mirror.dismiss)
laboratory(surroundings(scenario))
restraint = read_restraint(whole_address())
if restraint.shows("share") and not st.context.is_embedded:
    shown = Shown(scale=scale_of(run(scenario)), look=session.look())
    share.take_away(taken(scenario), "", session.keep, shown)
if restraint.shows("numbers") and not st.context.is_embedded:
    charts = st.expander("Numbers and charts", key="charts", on_change=session.keep)
    if charts.open:
        with charts:
            panels.charts(run(scenario))
if restraint.shows("texts") and not st.context.is_embedded:
    left, right = st.columns(2, gap="large")
    with left:
        known = stationary(entry.at(scenario.parameters))
        equation = panels.equation(entry.tex, entry.axes)
        panels.about(entry.title, entry.teaches, equation, entry.source, entry.notes, known)
    with right:
        panels.about(method.title, method.teaches, method.tex, method.source, method.notes)
session.mirror.put_back()

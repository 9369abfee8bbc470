"""Explore: one surface, one optimizer, one run, and every setting under the hand."""

import streamlit as st

from optimizers import OPTIMIZERS
from ui import controls, panels, session, share
from ui.export import Subject
from ui.export.page import Shown
from ui.outcome import stationary
from ui.scenario import Scenario, run, to_query
from ui.stage import show_stage
from ui.stage.swarm import swarm_along
from ui.surfaces import surface
from ui.way_back import way_back


def surroundings(scenario: Scenario) -> tuple[object, ...]:
    """What the page shows around the laboratory: the texts of a surface and an optimizer, and charts when open."""
    return scenario.landscape, scenario.optimizer, scenario if st.session_state.get("charts") else None


@st.fragment
def laboratory(around: tuple[object, ...]) -> None:
    """The controls, the stage and the run in numbers: all that a move of a control draws again.

    `around` is what the page around it was drawn for; when that is no longer right, the whole page is drawn again.
    """
    scenario = session.current()
    if surroundings(scenario) != around:
        st.rerun()
    trajectory = run(scenario)
    scale = "held_out" if trajectory.landscape.held_out_loss else "log"
    side, middle = st.columns([1, 3.6], gap="medium")
    # The stage first: what comes first is sent first, and the browser takes its time over the controls.
    with middle:
        show_stage(
            [trajectory],
            on_start=session.set_start,
            on_rate=session.set_rate,
            look=session.look(),
            on_look=session.set_look,
            swarm=swarm_along(scenario, trajectory),
            scale=scale,
        )
        panels.numbers(trajectory)
        panels.together(scenario, trajectory)
        subject = Subject([trajectory], [trajectory.optimizer.title], share.link(to_query(scenario)))
        share.take_away(subject, "", session.keep, Shown(scale=scale, look=session.look()))
    with side:
        controls.surface_and_optimizer(scenario)
        more = st.expander("More settings", key="more", on_change=session.keep)
        if more.open:
            with more:
                controls.details(scenario)
        beside = st.expander("Schedule, noise, precision", key="twists", on_change=session.keep)
        if beside.open:
            with beside:
                controls.twists(scenario)
        way_back(session.mirror, session.reset)
    session.mirror.remember()


scenario = session.current()
entry, method = surface(scenario.landscape), OPTIMIZERS[scenario.optimizer]
st.html('<h1 class="unseen">Explore: one optimizer on one surface</h1>')
panels.notice(session.mirror.ignored(), session.mirror.dismiss)
laboratory(surroundings(scenario))
charts = st.expander("Numbers and charts", key="charts", on_change=session.keep)
if charts.open:
    with charts:
        panels.charts(run(scenario))
left, right = st.columns(2, gap="large")
with left:
    known = stationary(entry.at(scenario.parameters))
    panels.about(entry.title, entry.teaches, panels.equation(entry.tex, entry.axes), entry.source, entry.notes, known)
with right:
    panels.about(method.title, method.teaches, method.tex, method.source, method.notes)
session.mirror.put_back()

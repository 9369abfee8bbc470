"""Explore: one surface, one optimizer, one run, and every setting under the hand."""

import streamlit as st

from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from ui import controls, panels, session
from ui.scenario import run
from ui.stage import show_stage


@st.fragment
def laboratory(shown: tuple[str, str]) -> None:
    """The controls, the stage and the run in numbers: what a move of a control draws again.

    The texts around it belong to a surface and an optimizer; when these are no longer the ones shown, the whole page
    is drawn again.
    """
    scenario = session.current()
    if (scenario.landscape, scenario.optimizer) != shown:
        st.rerun()
    trajectory = run(scenario)
    side, middle = st.columns([1, 3.6], gap="medium")
    with side:
        controls.surface_and_optimizer(scenario)
        controls.learning_rate(scenario)
        more = st.expander("More settings", key="more", on_change=session.keep)
        if more.open:
            with more:
                controls.details(scenario)
        st.button(
            "Reset everything", key="reset", icon=":material/restart_alt:", type="tertiary", on_click=session.reset
        )
    with middle:
        show_stage([trajectory], on_start=session.set_start)
        panels.numbers(trajectory)
        charts = st.expander("Numbers and charts", key="charts", on_change=session.keep)
        if charts.open:
            with charts:
                panels.charts(trajectory)


scenario = session.current()
surface, method = LANDSCAPES[scenario.landscape], OPTIMIZERS[scenario.optimizer]
st.html('<h1 class="unseen">Explore: one optimizer on one surface</h1>')
panels.notice(session.ignored(), session.dismiss)
laboratory((surface.key, method.key))
left, right = st.columns(2, gap="large")
with left:
    panels.about(surface.title, surface.teaches, f"f(x, y) = {surface.tex}", surface.source, surface.notes)
with right:
    panels.about(method.title, method.teaches, method.tex, method.source, method.notes)

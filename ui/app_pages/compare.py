"""Compare: two to six optimizers on one surface, from one start, with the same number of gradient evaluations."""

import streamlit as st

from ui import contenders, panels, share
from ui.comparison import to_query
from ui.contenders import mirror
from ui.export import Subject
from ui.export.page import Shown
from ui.palette import Theme
from ui.race import race
from ui.stage import show_stage
from ui.stage.swarm import swarm_beside
from ui.way_back import way_back


@st.fragment
def laboratory() -> None:
    """The controls, the stage and the table: all that a move of a control draws again."""
    comparison = mirror.current()
    raced = race(comparison)
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    side, middle = st.columns([1, 3.6], gap="medium")
    # The stage first: what comes first is sent first, and the browser takes its time over the controls.
    with middle:
        dial = contenders.driven(comparison)
        show_stage(
            raced.runs,
            on_start=contenders.set_start,
            look=contenders.look(comparison),
            on_look=contenders.set_look,
            on_rate=contenders.set_rate if dial else None,
            dial=dial,
            labels=raced.names,
            layout=comparison.view,
            swarm=swarm_beside(comparison, raced),
            scale=comparison.scale,
            key="compare.stage",
        )
        contenders.below(comparison)
        contenders.table(raced, comparison, theme)
        st.markdown(panels.plain(contenders.fairness(comparison, raced.names, raced.found)))
        subject = Subject(raced.runs, raced.names, share.link(to_query(comparison), "compare"))
        shown = Shown(comparison.view, comparison.scale, contenders.look(comparison))
        share.take_away(subject, "compare.", mirror.adjust, shown)
    with side:
        contenders.surface(comparison)
        contenders.cards(comparison, raced.found, theme)
        more = st.expander("More settings", key="compare.more", on_change=mirror.adjust)
        if more.open:
            with more:
                contenders.details(comparison)
        beside = st.expander("Schedule, noise, precision", key="compare.twists", on_change=mirror.adjust)
        if beside.open:
            with beside:
                contenders.twists(comparison)
        way_back(mirror, contenders.start_over, "compare.")
    mirror.remember()


st.html('<h1 class="unseen">Compare: several optimizers on one surface</h1>')
mirror.current()
panels.notice(mirror.ignored(), mirror.dismiss)
laboratory()
mirror.put_back()

"""Compare: two to six optimizers on one surface, from one start, with the same number of gradient evaluations."""

import streamlit as st

from ui import contenders, panels, settled, share
from ui.comparison import Comparison, to_query
from ui.contenders import mirror
from ui.export import Subject
from ui.export.page import Shown
from ui.mirror import whole_address
from ui.palette import Theme
from ui.race import Race, race
from ui.restraint import Restraint, read_restraint
from ui.stage import show_stage
from ui.stage.swarm import swarm_beside
from ui.twists import in_words
from ui.way_back import way_back


@st.fragment
def laboratory() -> None:
    """The controls, the stage and the table: all that a move of a control draws again."""
    comparison = mirror.current()
    raced = race(comparison)
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    restraint = read_restraint(whole_address())
    subject = Subject(raced.runs, raced.names, share.link(to_query(comparison), "compare"))
    if st.context.is_embedded:
        stage(comparison, raced, restraint)
        share.way_in(subject.link)
        return
    side, middle = st.columns([1, 3.6], gap="medium")
    # The stage first: what comes first is sent first, and the browser takes its time over the controls.
    with middle:
        stage(comparison, raced, restraint)
        contenders.below(comparison, restraint)
        if restraint.shows("numbers"):
            contenders.table(raced, comparison, theme)
        if restraint.shows("texts"):
            st.markdown(panels.plain(contenders.fairness(comparison, raced.names, raced.found)))
        if restraint.shows("share"):
            shown = Shown(comparison.view, comparison.scale, contenders.look(comparison))
            share.take_away(subject, "compare.", mirror.adjust, shown)
    with side:
        contenders.surface(comparison, restraint)
        if restraint.shows("optimizer"):
            if restraint.frees("optimizer") or restraint.frees("settings"):
                contenders.cards(comparison, raced.found, theme, restraint)
            else:
                settled.contenders(comparison, raced.found, restraint)
        if restraint.frees("settings"):
            more = st.expander("More settings", key="compare.more", on_change=mirror.adjust)
            if more.open:
                with more:
                    contenders.details(comparison, restraint)
        elif restraint.shows("settings"):
            panels.locked("Settings", settled.settings(comparison, restraint))
        if restraint.frees("twists"):
            beside = st.expander("Schedule, noise, precision", key="compare.twists", on_change=mirror.adjust)
            if beside.open:
                with beside:
                    contenders.twists(comparison)
        elif restraint.shows("twists") and comparison.twists:
            panels.locked("Added", {"": in_words(comparison.twists)})
        if not restraint.locked | restraint.hidden:
            way_back(mirror, contenders.start_over, "compare.")
    mirror.remember()


def stage(comparison: Comparison, raced: Race, restraint: Restraint) -> None:
    """The runs, with what of them may be set by hand."""
    dial = contenders.driven(comparison) if restraint.frees("rate") else []
    show_stage(
        raced.runs,
        on_start=contenders.set_start if restraint.frees("start") else lambda point: mirror.adjust(),
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


st.html('<h1 class="unseen">Compare: several optimizers on one surface</h1>')
mirror.current()
panels.notice(mirror.ignored(), mirror.dismiss)
laboratory()
mirror.put_back()

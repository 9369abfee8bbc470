"""Networks: train a small network, and see its path on a plane through the space of its parameters."""

import streamlit as st

from ui import networks_controls as controls
from ui import networks_view as view
from ui import panels
from ui.networks_controls import PAGE, mirror
from ui.networks_queue import JOBS, key_of, wanted
from ui.networks_scenario import NetworkScenario
from ui.palette import Theme
from ui.stage import show_slice
from ui.way_back import way_back


@st.fragment(run_every=0.5)
def waiting(asked: NetworkScenario) -> None:
    """How far the work is, until it is over; then the page is drawn again."""
    if st.session_state.get(controls.ASKED) != asked:  # cancelled
        st.rerun()
    standing = JOBS.want(controls.visitor(), key_of(asked))
    if standing.state not in ("waiting", "running"):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}progress"):
        st.progress(min(standing.share, 1.0), text=view.progress_words(standing))
        st.button("Cancel", key=f"{PAGE}cancel", icon=":material/close:", on_click=cancel)


def cancel() -> None:
    """Let go of the work; for others who want the same it goes on."""
    controls.set_aside()
    JOBS.leave(controls.visitor())


def stages(shown: view.Shown, scenario: NetworkScenario) -> None:
    """A stage for each picture, the first of them above its words."""
    columns = st.columns(len(shown.pictures)) if len(shown.pictures) > 1 else [st.container()]
    for place, (column, picture) in enumerate(zip(columns, shown.pictures, strict=True)):
        with column:
            show_slice(
                picture.plane,
                picture.paths,
                look=controls.look(scenario),
                on_look=controls.set_look,
                every=picture.every,
                total=picture.runs[0].steps,
                key=f"{PAGE}stage{place}",
            )
            view.words(picture)


scenario = mirror.current()
st.html('<h1 class="unseen">Networks: the landscape of a real network</h1>')
panels.notice(mirror.ignored(), mirror.dismiss)
theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
asked = controls.asked()
standing = None
if asked is not None:
    standing = wanted(controls.visitor(), asked, st.session_state.pop(f"{PAGE}again", False))
    if standing.result is not None:
        st.session_state[f"{PAGE}shown"] = view.Shown(asked, standing.result)
shown: view.Shown | None = st.session_state.get(f"{PAGE}shown")
pending = asked is None or key_of(asked) != key_of(scenario) or (standing is not None and standing.error != "")
side, middle = st.columns([1, 3.6], gap="medium")
with middle:
    if asked is not None and standing is not None and standing.state in ("waiting", "running"):
        waiting(asked)
    view.remark(scenario, asked, standing, shown)
    if shown is not None:
        stages(shown, scenario)
        view.charts(shown, theme)
with side:
    controls.essentials(scenario, pending)
    for name, title, fields in (
        ("plane", "The plane", controls.plane),
        ("more", "More settings", controls.details),
        ("twists", "Schedule, clipping, noise", controls.twists),
        ("rival", "A second network or optimizer", lambda scenario: controls.rival(scenario, theme)),
    ):
        folded = st.expander(title, key=f"{PAGE}{name}", on_change=mirror.adjust)
        if folded.open:
            with folded:
                fields(scenario)
    way_back(mirror, controls.start_over, PAGE)
mirror.put_back()

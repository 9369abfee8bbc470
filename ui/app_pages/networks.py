"""Networks: train a small network, and see its path on a plane through the space of its parameters."""

from typing import Any

import streamlit as st

from ui import panels
from ui.jobs import Standing
from ui.look import PLAIN
from ui.palette import Theme
from ui.stage import show_slice
from ui.stage.edges import pack_edges
from ui.stage.shelf import SHELF
from ui.training import controls, queue, view
from ui.training.controls import PAGE, mirror
from ui.training.queue import Key, key_of, wanted
from ui.training.scenario import NetworkScenario
from ui.way_back import way_back

CANCELLED, AGAIN, SHOWN = f"{PAGE}cancelled", f"{PAGE}again", f"{PAGE}shown"


@st.fragment(run_every=0.5)
def waiting(key: Key, name: str) -> None:
    """How far the work is, until it is over or cancelled; then the page is drawn again."""
    if st.session_state.get(CANCELLED) == key:
        st.rerun()
    standing = queue.JOBS.want(controls.visitor(), key)
    if standing.state not in ("waiting", "running"):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}progress_{name}"):
        st.progress(min(standing.share, 1.0), text=view.progress_words(standing))
        st.button("Cancel", key=f"{PAGE}cancel_{name}", icon=":material/close:", on_click=cancel, args=(key,))


def cancel(key: Key) -> None:
    """Let go of the work; for others who want the same it goes on."""
    st.session_state[CANCELLED] = key
    if key[0] == "pictures":
        controls.set_aside()
    else:
        controls.set_look(PLAIN)
    queue.JOBS.leave(controls.visitor())


def tracks(shown: view.Shown, standing: Standing[Any] | None) -> list[str]:
    """Where the sharpness along the runs of each picture is; "" while it is not known."""
    if standing is None or standing.result is None:
        return [""] * len(shown.pictures)
    both = zip(shown.pictures, standing.result, strict=True)
    return [SHELF.put(pack_edges(found, picture.paths, picture.every)) for picture, found in both]


def stages(shown: view.Shown, scenario: NetworkScenario, addresses: list[str]) -> None:
    """A stage for each picture, side by side."""
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
                track=addresses[place],
                first=place,
                key=f"{PAGE}stage{place}",
            )


scenario = mirror.current()
st.html('<h1 class="unseen">Networks: the landscape of a real network</h1>')
panels.notice(mirror.ignored(), mirror.dismiss)
theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
asked = controls.asked()
standing = sharpness = None
side, middle = st.columns([1, 3.6], gap="medium")
if asked is not None:
    with middle:
        standing = wanted(controls.visitor(), key_of(asked), st.session_state.pop(AGAIN, False))
    if standing.result is not None:
        st.session_state[SHOWN] = view.Shown(asked, standing.result)
shown: view.Shown | None = st.session_state.get(SHOWN)
current = shown is not None and asked is not None and key_of(shown.scenario) == key_of(asked)
if current and asked is not None and scenario.curve == "sharpness":
    st.session_state.pop(CANCELLED, None)
    with middle:
        sharpness = wanted(controls.visitor(), key_of(asked, "edges"))
pending = asked is None or view.differ(asked, scenario) or (standing is not None and standing.error != "")
with middle:
    if asked is not None and standing is not None and standing.state in ("waiting", "running"):
        st.session_state.pop(CANCELLED, None)
        waiting(key_of(asked), "training")
    view.remark(scenario, asked, standing, shown)
    if shown is not None:
        if asked is not None and sharpness is not None and sharpness.state in ("waiting", "running"):
            waiting(key_of(asked, "edges"), "sharpness")
        stages(shown, scenario, tracks(shown, sharpness))
        view.words(shown)
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

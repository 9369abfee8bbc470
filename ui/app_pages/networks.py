"""Networks: train a small network, and see its path on a plane through the space of its parameters."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from networks import Edge
from ui import panels, share
from ui.jobs import Standing
from ui.look import PLAIN
from ui.palette import Theme
from ui.stage import show_slice
from ui.stage.edges import pack_edges
from ui.stage.shelf import SHELF
from ui.training import controls, queue, view
from ui.training.controls import PAGE, mirror
from ui.training.live import live_pictures
from ui.training.queue import UNDER_WAY, Key, What, key_of, wanted
from ui.training.scenario import NetworkScenario, to_query
from ui.training.take_away import take_away
from ui.training.work import Shown
from ui.way_back import way_back

CANCELLED, AGAIN, SHOWN = f"{PAGE}cancelled", f"{PAGE}again", f"{PAGE}shown"


@st.fragment(run_every=0.5)
def waiting(key: Key, theme: Theme) -> None:
    """How far the work is, and what can be seen of it; when it is over or cancelled the page is drawn again."""
    if st.session_state.get(CANCELLED) == key:
        draw_again()
    standing = queue.JOBS.want(controls.visitor(), key)
    if standing.state not in UNDER_WAY:
        draw_again()
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}progress_{key[0]}"):
        st.progress(min(standing.share, 1.0), text=view.progress_words(standing))
        st.button(
            "Cancel", key=f"{PAGE}cancel_{key[0]}", icon=":material/close:", on_click=cancel, args=(key,),
            help="Let go of it; what is shown stays",
        )  # fmt: skip
    if standing.so_far is not None:
        st.html(live_pictures(standing.so_far, theme))
    if queue.JOBS.settled(key, queue.SOON):
        draw_again()


def draw_again() -> None:
    """Draw the whole page again as it is: the browser may have asked for this while its address was still older."""
    mirror.adjust()
    st.rerun()


def cancel(key: Key) -> None:
    """Let go of the work; for others who want the same it goes on."""
    st.session_state[CANCELLED] = key
    shown = st.session_state.get(SHOWN)
    if key[0] == "edges" and shown is not None and key_of(shown.scenario, "edges") == key:
        controls.set_look(PLAIN)  # what it belongs to is there
    else:
        controls.set_aside()
    queue.JOBS.leave(controls.visitor())


def works(asked: NetworkScenario, curve: str) -> dict[What, Standing[Any]]:
    """How the works for a scenario stand, up to the one that is under way.

    The sharpness comes first where the training is still to be made: it is found on the way.
    """
    shown, again = st.session_state.get(SHOWN), st.session_state.pop(AGAIN, False)
    order: tuple[What, ...] = ("pictures",)
    if curve == "sharpness":
        there = shown is not None and key_of(shown.scenario) == key_of(asked)
        order = ("pictures", "edges") if there else ("edges", "pictures")
    found: dict[What, Standing[Any]] = {}
    for what in order:
        found[what] = wanted(controls.visitor(), key_of(asked, what), again)
        if found[what].state in UNDER_WAY:
            break
    return found


def tracks(shown: Shown, edges: Sequence[Sequence[Edge]]) -> list[str]:
    """Where the sharpness along the runs of each picture is; "" while it is not known."""
    if not edges:
        return [""] * len(shown.pictures)
    both = zip(shown.pictures, edges, strict=True)
    return [SHELF.put(pack_edges(found, picture.paths, picture.every)) for picture, found in both]


def stages(shown: Shown, scenario: NetworkScenario, addresses: list[str]) -> None:
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


def fields_beside(side: DeltaGenerator, scenario: NetworkScenario, pending: bool, theme: Theme) -> None:
    """What can be set, in the column beside the stage."""
    with side:
        controls.essentials(scenario, pending)
        for name, title, fields in (
            ("plane", "The plane", controls.plane),
            ("more", "More settings", controls.details),
            ("twists", "Schedule, noise, precision", controls.twists),
            ("rival", "A second network or optimizer", lambda scenario: controls.rival(scenario, theme)),
        ):
            folded = st.expander(title, key=f"{PAGE}{name}", on_change=mirror.adjust)
            if folded.open:
                with folded:
                    fields(scenario)
        controls.examples()
        way_back(mirror, controls.start_over, PAGE)


scenario = mirror.current()
st.html('<h1 class="unseen">Networks: the landscape of a real network</h1>')
panels.notice(mirror.ignored(), mirror.dismiss)
theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
asked = controls.asked()
found: dict[What, Standing[Any]] = {}
# In a frame only the stage stands.
side, middle = (None, st.container()) if st.context.is_embedded else st.columns([1, 3.6], gap="medium")
# The controls first, before anything is waited for: what a browser sends that has older ones would undo a change.
if side is not None:
    fields_beside(side, scenario, asked is None or view.differ(asked, scenario), theme)
if asked is not None:
    with middle:
        found = works(asked, scenario.curve)
    pictures = found.get("pictures")
    if pictures is not None and pictures.result is not None:
        st.session_state[SHOWN] = Shown(asked, pictures.result)
shown: Shown | None = st.session_state.get(SHOWN)
with middle:
    with st.container(key=f"{PAGE}head"):  # there always, so that the stage below stays the one that it is
        for what, standing in found.items():
            if asked is not None and standing.state in UNDER_WAY:
                st.session_state.pop(CANCELLED, None)
                waiting(key_of(asked, what), theme)
        view.remark(scenario, asked, found.get("pictures", found.get("edges")), shown)
    if shown is not None:
        current = asked is not None and key_of(shown.scenario) == key_of(asked)
        sharpness = found.get("edges") if current else None
        edges = [] if sharpness is None else sharpness.result or []
        stages(shown, scenario, tracks(shown, edges))
        if side is None:
            share.way_in(share.link(to_query(scenario), "networks"))
        else:
            view.words(shown)
            view.charts(shown, theme)
            take_away(shown, list(chain.from_iterable(edges)))
mirror.remember()
mirror.put_back()

"""Reference: every surface and every optimizer, with its equation, its source and what it shows."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from landscapes import LANDSCAPES, Landscape
from optimizers import OPTIMIZERS
from optimizers.base import Optimizer
from ui import panels
from ui.mirror import Mirror
from ui.outcome import stationary
from ui.palette import Theme
from ui.reference import (
    CONDITION,
    LONGEST,
    Reference,
    chapter_of,
    chapters,
    complete,
    found,
    from_query,
    rule_facts,
    surface_facts,
    surface_numbers,
    to_query,
)
from ui.small_map import map_address
from ui.small_path import SURFACE, path_address

mirror = Mirror("reference", from_query, to_query, path="reference")
KINDS = {"surfaces": f"{len(LANDSCAPES)} surfaces", "optimizers": f"{len(OPTIMIZERS)} optimizers"}


def asked(reference: Reference) -> None:
    """The controls: which list, which chapter, which words."""

    def take_kind() -> None:
        mirror.adjust(kind=st.session_state["reference.kind"], chapter="")

    def take_chapter() -> None:
        mirror.adjust(chapter=st.session_state["reference.chapter"])

    def take_words() -> None:
        mirror.adjust(find=st.session_state["reference.find"], chapter="")

    there = chapters(reference.kind)
    shown = {"kind": reference.kind, "chapter": complete(reference).chapter, "find": reference.find}
    st.session_state.update({f"reference.{field}": value for field, value in shown.items()})
    with st.container(horizontal=True, key="asked"):
        st.segmented_control(
            "List", list(KINDS), format_func=KINDS.__getitem__, key="reference.kind", required=True,
            help="What is shown below.", on_change=take_kind,
        )  # fmt: skip
        st.selectbox(
            "Chapter", list(there), format_func=there.__getitem__, key="reference.chapter",
            on_change=take_chapter, width=220, help="Entries that teach something alike.",
        )  # fmt: skip
        st.text_input(
            "Find", key="reference.find", placeholder="a word of its title, lesson or source", on_change=take_words,
            width=320, max_chars=LONGEST, help="In every chapter; each word has to be there. Press Enter.",
        )  # fmt: skip


def entry(one: Landscape | Optimizer, theme: Theme) -> DeltaGenerator:
    """One entry: its picture, what it is and where to open it; and the place of what is still to be found out."""
    with st.container(border=True, key=f"entry_{one.key}"):
        if isinstance(one, Landscape):
            known = stationary(one.at({}))
            picture(map_address(one, theme), f"Contour map of {one.title}")
            panels.about(one.title, one.teaches, panels.equation(one.tex, one.axes), one.source, one.notes, known)
            told, name = {"Shape": "…", CONDITION: "…"}, "surface"
        else:
            picture(path_address(one, theme), f"Path of {one.title} on {LANDSCAPES[SURFACE].title}")
            panels.about(one.title, one.teaches, one.tex, one.source, one.notes)
            told, name = rule_facts(one), "optimizer"
        place = st.empty()
        place.html(facts_html(told))
        label = f"Open {one.title} on Explore"
        st.html(
            (facts_html(surface_numbers(one)) if isinstance(one, Landscape) else "")
            + f'<p class="open"><a href="./?{name}={quote(one.key)}" target="_self" '
            f'aria-label="{escape(label, quote=True)}">Open on Explore</a> <code>{escape(one.key)}</code></p>'
        )
    return place


def picture(address: str, told: str) -> None:
    """A picture that the browser fetches when it comes into view."""
    st.html(
        f'<img class="map" src="{address}" loading="lazy" width="480" height="300" alt="{escape(told, quote=True)}">'
    )


def facts_html(facts: Mapping[str, str]) -> str:
    """Facts as a list of names and what is told of each; nothing for none."""
    cells = "".join(f"<dt>{escape(name)}<dd>{escape(told)}" for name, told in facts.items())
    return f'<dl class="facts">{cells}</dl>' if cells else ""


@st.fragment
def catalogue() -> None:
    """The controls and what they ask for: all that a move of a control draws again."""
    reference = mirror.current()
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    asked(reference)
    entries = found(reference)
    if not entries:
        st.info(f"Nothing in this list holds “{reference.find}”. Try one word, or all chapters.")
    elif reference.kind == "optimizers":
        where = LANDSCAPES[SURFACE].title
        st.caption(f"Each picture is the path on {where} that its link opens: from the ring to the ball.")
    titles = dict.fromkeys(chapter_of(one) for one in entries)
    places: list[tuple[DeltaGenerator, Landscape]] = []
    for title in titles:
        st.markdown(f"#### {title}")
        with st.container(key=f"chapter_{title.lower().replace(' ', '_')}"):
            for one in entries:
                if chapter_of(one) == title:
                    place = entry(one, theme)
                    if isinstance(one, Landscape):
                        places.append((place, one))
    mirror.remember()
    for place, surface in places:  # the page is drawn by now
        place.html(facts_html(surface_facts(surface)))


st.html('<h1 class="unseen">Reference: every surface and every optimizer</h1>')
mirror.current()
panels.notice(mirror.ignored(), mirror.dismiss)
catalogue()
mirror.put_back()

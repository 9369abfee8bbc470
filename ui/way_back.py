"""The way back from what was changed: undo, redo, everything as it opens, and what an earlier visit left."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.mirror import Mirror


def way_back(mirror: Mirror[Any], start_over: Callable[[], None], page: str = "") -> None:
    """The quiet buttons below a page's controls; `page` begins their names in the session.

    keys.js presses the first two for Ctrl+Z and Ctrl+Shift+Z.
    """
    if mirror.restored:
        st.caption("As you left it last time.")
    start = "Start afresh" if mirror.restored else "Reset everything"
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"{page}back"):
        _button("Undo", f"{page}undo", "undo", "The last change (Ctrl+Z)", mirror.undo, not mirror.can_undo)
        _button("Redo", f"{page}redo", "redo", "What was undone (Ctrl+Shift+Z)", mirror.redo, not mirror.can_redo)
        st.button(
            start, key=f"{page}reset", icon=":material/restart_alt:",
            type="tertiary", help="Everything as the page opens; Undo takes it back", on_click=start_over,
        )  # fmt: skip


def _button(title: str, key: str, icon: str, about: str, press: Callable[[], None], idle: bool) -> None:
    st.button(title, key=key, icon=f":material/{icon}:", type="tertiary", help=about, on_click=press, disabled=idle)

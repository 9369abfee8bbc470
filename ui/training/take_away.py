"""What a visitor can carry off from the Networks page, folded away until wanted."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from networks import Edge
from ui.share import download, link, row
from ui.training.controls import PAGE, mirror
from ui.training.files import Taken, csv_text, json_text, script
from ui.training.scenario import to_query
from ui.training.work import Shown


def take_away(shown: Shown, edges: Sequence[Edge]) -> None:
    """The panel, with files that are made when they are asked for."""
    panel = st.expander("Share and take away", key=f"{PAGE}share", on_change=mirror.adjust)
    if not panel.open:
        return
    taken = Taken(shown, edges, link(to_query(shown.scenario), mirror.path))
    with panel:
        row(PAGE, taken.stem, taken.title, taken.link)
        with st.container(horizontal=True, key=f"{PAGE}share.files"):
            for title, make, ending, kind in (
                ("Numbers (CSV)", csv_text, "csv", "text/csv"),
                ("Numbers (JSON)", json_text, "json", "application/json"),
                ("Code (Python)", script, "py", "text/x-python"),
            ):
                download(PAGE, title, partial(make, taken), f"{taken.stem}.{ending}", kind)
        st.caption("The code calls this project's own `networks.train`; it needs a copy of it.")

"""Share and take away: what a visitor can carry off from a page, folded away until wanted."""

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from ui.export import Subject
from ui.export.page import Shown, page_html
from ui.export.script import optax_script, why_not
from ui.export.tables import csv_text, json_text
from ui.export.torch_script import torch_script, why_no_torch
from ui.export.zipped import zipped_scripts
from ui.module import module
from ui.restraint import LOCKABLE, PARTS, restraint_query

_share = module("share")

USUAL = "http://localhost:8501/"
"""Where the pages are when nobody says."""


def link(query: Mapping[str, str], path: str = "") -> str:
    """The address that opens a page with a query, where this visitor has it from."""
    here = urlsplit(st.context.url or USUAL)
    root = here.path.removesuffix(path).rstrip("/") if path else here.path.rstrip("/")
    text = f"?{urlencode(query)}" if query else ""
    return f"{here.scheme}://{here.netloc}{root}/{path}{text}"


def take_away(subject: Subject, key: str, keep: Callable[[], None], shown: Shown) -> None:
    """The panel, with files that are made when they are asked for.

    Args:
        subject: what is taken away.
        key: begins the names of its widgets in the session.
        keep: holds on to the page's state when the panel is opened.
        shown: how the stage shows it.
    """
    panel = st.expander("Share and take away", key=f"{key}share", on_change=keep)
    if not panel.open:
        return
    with panel:
        title = subject.title if len(subject.runs) == 1 else subject.runs[0].landscape.title  # a key names the others
        row(key, subject.stem, title, subject.link)
        with st.container(horizontal=True, key=f"{key}share.files"):
            for title, make, ending, kind in (
                ("Numbers (CSV)", partial(csv_text, subject), "csv", "text/csv"),
                ("Numbers (JSON)", partial(json_text, subject), "json", "application/json"),
                ("Page that plays offline (HTML)", partial(page_html, subject, shown), "html", "text/html"),
            ):
                download(key, title, make, f"{subject.stem}.{ending}", kind)
            reasons = [_scripts(subject, key, "optax", optax_script, why_not)]
            reasons.append(_scripts(subject, key, "PyTorch", torch_script, why_no_torch))
        for reason in filter(None, reasons):
            st.caption(reason)
        _for_a_class(subject, key, keep)


def row(key: str, stem: str, title: str, link: str) -> None:
    """What the browser itself can do: copy the link, keep a picture or a video, by what files are called and say."""
    _share(key=f"{key}share.row", data={"stem": stem, "title": title, "link": link})


def way_in(address: str) -> None:
    """Below a stage that stands in somebody's page: the link to all the rest."""
    st.markdown(f"[Open in Downhill](<{address}>)")


def _for_a_class(subject: Subject, key: str, keep: Callable[[], None]) -> None:
    """A link that locks or hides parts of this page, and the stage alone to be put into another page."""
    with st.container(horizontal=True, key=f"{key}share.restraint"):
        locked = st.multiselect("Lock", list(LOCKABLE), format_func=PARTS.__getitem__, key=f"{key}lock", on_change=keep)
        hidden = st.multiselect("Hide", list(PARTS), format_func=PARTS.__getitem__, key=f"{key}hide", on_change=keep)
    st.caption("A link for a class: what is locked is told and cannot be changed, what is hidden is not there.")
    st.code(with_query(subject.link, restraint_query(locked, hidden)), language=None, wrap_lines=True)
    st.caption("The stage alone, for a page of your own:")
    address = escape(with_query(subject.link, {"embed": "true", **restraint_query(locked, hidden)}))
    frame = f'<iframe src="{address}" width="100%" height="760" title="{escape(subject.title)}"></iframe>'
    st.code(frame, language=None, wrap_lines=True)  # the colours of its syntax are too faint to read


def with_query(address: str, query: Mapping[str, str]) -> str:
    """An address with more in its query."""
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query, safe=',')}"


def _scripts(subject: Subject, key: str, library: str, write: Callable[..., str], refuse: Callable[..., str]) -> str:
    """The button for the code of the runs, together in a ZIP where there are several; returns why some have none."""
    refused = {name: refuse(run) for run, name in zip(subject.runs, subject.names, strict=True)}
    written = [(run, name) for run, name in zip(subject.runs, subject.names, strict=True) if not refused[name]]
    word = library.lower()
    if len(subject.runs) == 1 and written:
        make = partial(write, subject.runs[0], subject.link)
        download(key, f"Code ({library})", make, f"{subject.stem}-{word}.py", "text/x-python")
    elif written:
        make = partial(zipped_scripts, written, subject.link, write)
        download(key, f"Code ({library}, ZIP)", make, f"{subject.stem}-{word}.zip", "application/zip")
    many = len(subject.runs) > 1
    return " ".join(f"{name}: {reason}" if many else reason for name, reason in refused.items() if reason)


def download(key: str, title: str, make: Callable[[], str | bytes], name: str, kind: str) -> None:
    """A button for a file of that name and kind, which is made when it is asked for."""
    st.download_button(
        title, make, file_name=name, mime=kind, key=f"{key}share.{title}", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip

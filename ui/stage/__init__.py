"""The stage: the surface, the plane and the loss curve under one clock, as one Streamlit component."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from engine import Trajectory
from ui.stage.payload import pack_runs

WEB = Path(__file__).parent / "web"
"""The folder that is served as /stage."""

_LOADER = """export default async (component) =>
  (await import(new URL("stage/stage.js", document.baseURI))).show(component);"""

_component = component("downhill_stage", js=_LOADER)


def show_stage(
    runs: Sequence[Trajectory], *, on_start: Callable[[tuple[float, float]], None], key: str = "stage"
) -> None:
    """Draw one or more runs on one landscape, the first run's.

    `on_start(point)` is called in Streamlit's callback phase, before the page runs again, when a start is set in the
    stage; the point is exactly what was clicked, as two finite floats. Anything else that arrives is ignored.
    """

    def started() -> None:
        point = start_in(_sent(key))
        if point is not None:
            on_start(point)

    _component(key=key, data=pack_runs(runs, _number(_sent(key))), on_start_change=started)


def _sent(key: str) -> object:
    """What the browser last sent as a start: {"point": [x, y], "number": n}, or anything at all."""
    state = st.session_state.get(key)
    return state.get("start") if isinstance(state, dict) else None


def start_in(sent: object) -> tuple[float, float] | None:
    """The start in what the browser sent, two finite floats; None when it holds none, whatever else it is."""
    match sent:
        case {"point": [float() | int() as x, float() | int() as y]} if _finite(x) and _finite(y):
            return float(x), float(y)
    return None


def _finite(value: float) -> bool:
    """Whether a float holds it; True and False are no numbers here."""
    return not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _number(sent: object) -> int:
    match sent:
        case {"number": int() as number}:
            return number
    return 0

"""The stage: the surface, the plane and the loss curve under one clock, as one Streamlit component."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from engine import Trajectory
from ui.display import CurveScale
from ui.look import Look, look_in
from ui.module import module
from ui.stage.payload import pack_runs
from ui.stage.slices import Projected, Slice, pack_slice
from ui.stage.swarm import Swarm

WEB = Path(__file__).parent / "web"
"""The folder that is served as /stage."""

_component = module("stage")


def show_stage(
    runs: Sequence[Trajectory],
    *,
    on_start: Callable[[tuple[float, float]], None],
    look: Look,
    on_look: Callable[[Look], None],
    on_rate: Callable[[float, int | None], None] | None = None,
    dial: Sequence[int] | None = None,
    labels: Sequence[str] | None = None,
    layout: Literal["race", "side"] = "race",
    swarm: Swarm | None = None,
    scale: CurveScale = "log",
    key: str = "stage",
) -> None:
    """Draw one or more runs on one landscape, the first run's.

    The callbacks are called in Streamlit's callback phase, before the page runs again. Anything else that arrives from
    the browser is ignored.

    Args:
        runs: what is drawn.
        on_start: `on_start(point)` when a start is set in the stage: exactly what was clicked, as two finite floats.
        look: what is switched on in the stage.
        on_look: `on_look(look)` when something is switched on or off there.
        on_rate: `on_rate(rate, first)` when the dial is released at a learning rate, a finite float: for the whole run
            when `first` is None, else from that row on. Without it there is no dial.
        dial: the places of the runs that the dial drives; all of them when None.
        labels: what the runs are called; the titles of their optimizers when not given.
        layout: "race" for all of them in one picture, "side" for a small picture of each.
        swarm: the many runs that go along as small balls.
        scale: of the loss curve.
        key: the component's name in the session.
    """

    def started() -> None:
        point = start_in(_sent(key, "start"))
        if point is not None:
            on_start(point)

    def rated() -> None:
        sent = rate_in(_sent(key, "rate"))
        if sent is not None and on_rate is not None:
            on_rate(*sent)

    driven = range(len(runs)) if dial is None else dial
    data = pack_runs(
        runs, _received(key), [] if on_rate is None else driven, labels=labels, layout=layout, swarm=swarm, scale=scale,
        look=look,
    )  # fmt: skip
    _component(key=key, data=data, on_start_change=started, on_rate_change=rated, on_look_change=_looking(key, on_look))


def show_slice(
    plane: Slice,
    paths: Sequence[Projected],
    *,
    look: Look,
    on_look: Callable[[Look], None],
    every: int = 1,
    total: int | None = None,
    track: str | None = None,
    first: int = 0,
    key: str,
) -> None:
    """Draw runs of many dimensions on a slice of them: as `show_stage` does, without a dial and without starts.

    Args:
        plane: the slice.
        paths: the runs, laid onto it.
        look: what is switched on in the stage.
        on_look: `on_look(look)` when something is switched on or off there.
        every: how many steps there are from one row of the paths to the next; to the last there may be fewer.
        total: how many steps there are from the first to the last.
        track: where the browser fetches the sharpness along the runs; "" while it is not known, None for none.
        first: the place of the first path among all that the page shows, which has its looks from there.
        key: the component's name in the session.
    """
    data = pack_slice(plane, paths, _received(key), look, every, total, track, first)
    _component(key=key, data=data, on_look_change=_looking(key, on_look))


def _looking(key: str, on_look: Callable[[Look], None]) -> Callable[[], None]:
    """What is called when the stage sends a look."""

    def looked() -> None:
        asked = look_in(_sent(key, "look"))
        if asked is not None:
            on_look(asked)

    return looked


def _received(key: str) -> int:
    """The number of the last thing that the browser sent."""
    return max(_number(_sent(key, name)) for name in ("start", "rate", "look"))


def _sent(key: str, name: str) -> object:
    """What the browser last sent under that name: {..., "number": n}, or anything at all."""
    state = st.session_state.get(key)
    return state.get(name) if isinstance(state, dict) else None


def start_in(sent: object) -> tuple[float, float] | None:
    """The start in what the browser sent, two finite floats; None when it holds none, whatever else it is."""
    match sent:
        case {"point": [float() | int() as x, float() | int() as y]} if _finite(x) and _finite(y):
            return float(x), float(y)
    return None


def rate_in(sent: object) -> tuple[float, int | None] | None:
    """The learning rate in what the browser sent and the row from which it holds; None when it holds none."""
    match sent:
        case {"rate": float() | int() as rate, "first": None} if _finite(rate):
            return float(rate), None
        case {"rate": float() | int() as rate, "first": int() as first} if _finite(rate) and _finite(first):
            return float(rate), first
    return None


def _finite(value: float) -> bool:
    """Whether a float holds it; True and False are no numbers here."""
    return not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _number(sent: object) -> int:
    match sent:
        case {"number": int() as number}:
            return number
    return 0

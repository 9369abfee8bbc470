"""The choice of a surface, and the field in which one's own is typed: a formula f(x, y)."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from engine.survey import landscape_from_formula
from landscapes import LANDSCAPES
from landscapes.formula import ALLOWED, FormulaError
from ui.panels import plain
from ui.surfaces import FORMULA

EXAMPLE = "(x**2 + y**2 - 4)**2/8 + x/2"
"""What the field holds when it is first shown: a round valley that leans, in which the ball falls and goes around."""

ABOUT = "The loss f(x, y) that the ball rolls down. The last choice is a formula of your own; Reference shows them all."

AROUND = 12
"""How many characters are shown on either side of the one that is refused."""

_LAST = "own_formula"


@dataclass(frozen=True)
class Refusal:
    """A formula that was typed and cannot be drawn: why, and the surface that stays meanwhile."""

    text: str
    error: ValueError
    instead: str


def surface_choice(key: str, field: str, name: str, choose: Callable[[str], None], keep: Callable[[], None]) -> None:
    """The select box of all surfaces and, while a formula is shown, the field that it is typed in.

    Args:
        key: the name of the box in the session.
        field: that of the field.
        name: the surface that is shown, as `ui.surfaces` names it.
        choose: goes to another one.
        keep: holds on to this one in a run that changes nothing.
    """
    refused = f"{field}.refused"

    def chosen() -> None:
        st.session_state.pop(refused, None)
        picked = st.session_state[key]
        choose(st.session_state.get(_LAST, EXAMPLE) if picked == FORMULA else picked)

    def typed() -> None:
        st.session_state.pop(refused, None)
        text = st.session_state[field]
        try:
            choose(landscape_from_formula(text).formula)
        except ValueError as error:
            st.session_state[refused] = Refusal(text, error, name)
            keep()

    st.session_state[key] = name if name in LANDSCAPES else FORMULA
    st.selectbox("Surface", [*LANDSCAPES, FORMULA], format_func=_title, key=key, help=ABOUT, on_change=chosen)
    if name in LANDSCAPES:
        return
    st.session_state[_LAST] = name
    refusal = st.session_state.get(refused)
    if refusal is not None and refusal.instead != name:
        refusal = None
    st.session_state[field] = name if refusal is None else refusal.text
    with st.container(key=f"{field}_own", gap="xsmall"):
        st.text_input("f(x, y) =", key=field, on_change=typed, autocomplete="off")
        if refusal is not None:
            st.html(refusal_html(refusal.error))
        st.caption(f"It may hold {plain(ALLOWED)}.")


def forget() -> None:
    """Let the field begin with the example again."""
    st.session_state.pop(_LAST, None)


def refusal_html(error: ValueError) -> str:
    """Why a formula is refused, with a mark under the character that is to blame."""
    if not isinstance(error, FormulaError):
        return f'<div class="refused" role="alert">This cannot be drawn: {escape(str(error))}.</div>'
    begin, end = max(0, error.column - AROUND), error.column + AROUND + 1
    before, after = "…" if begin else "", "…" if end < len(error.text) else ""
    line = f"{before}{error.text[begin:end]}{after}"
    mark = " " * (len(before) + error.column - begin) + "^"
    pointed = f", at character {error.column + 1}:<pre>{escape(line)}\n<b>{mark}</b></pre>" if error.text else "."
    return f'<div class="refused" role="alert">{escape(error.reason)}{pointed}</div>'


def _title(key: str) -> str:
    return "Your own formula" if key == FORMULA else LANDSCAPES[key].title

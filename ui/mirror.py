"""The state of a page for one visitor, mirrored in the address, with the way back.

Every run of a page starts with `current`. A control's callback calls `change`, which writes the address too; so an
address that is not the one written last came from outside (a link, the back button, typing) and is read. What is read
is never written back: going back from there must not lead here again.

What was shown before is kept for `undo`, and the last state of each page in the browser, for the next visit (last.js).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlencode

import streamlit as st

from ui.module import module

FRAMES = 300
"""For how many frames of the browser its address is waited for."""

MOST_KEPT = 50
"""How many changes can be undone."""

LONGEST_LAST = 4000
"""How many characters of what the browser kept are read."""

State = TypeVar("State")
Query = Mapping[str, Sequence[str]]
Address = dict[str, list[str]]

_last = module("last")


def _nothing_aside(address: Address) -> tuple[dict[str, str], Address]:
    return {}, address


class Mirror(Generic[State]):
    """A frozen dataclass that a page shows, held in the session under a name."""

    def __init__(
        self,
        name: str,
        read: Callable[[Query], tuple[State, tuple[str, ...]]],
        write: Callable[[State], dict[str, str]],
        path: str,
        aside: Callable[[Address], tuple[dict[str, str], Address]] = _nothing_aside,
    ) -> None:
        """Read the state from an address with `read`, which also says what it ignored, and write it with `write`.

        `path` is that of the page. `aside` parts an address into what is no part of the state, but stays in the address
        while the state changes, and the rest.
        """
        self.name, self.read, self.write, self.path, self.aside = name, read, write, path, aside

    def current(self) -> State:
        """The state to show in this run: as it was left, for a visitor who comes back by the pages' own links."""
        whole = whole_address()
        address = self.aside(whole)[1]
        if arrived(self.name) and not whole and self.name in st.session_state:
            self._hold(self.latest(), address, ())
        elif self._get("address") != address:
            self._set("fresh", not whole and self.name not in st.session_state)
            state, ignored = self.read(address)
            self._keep(state)
            self._hold(state, address, ignored)
        return st.session_state[self.name]

    def put_back(self) -> None:
        """Put into the address what a visitor came back to, by a link that has no settings in it."""
        if not whole_address():
            put_into_address(self.write(self.latest()), self.path)

    def change(self, state: State) -> None:
        """Show this state from now on, and put it into the address."""
        self._keep(state)
        self._show(state)

    def adjust(self, **changes: Any) -> None:
        """Change some of its fields; none, to hold on to it in a rerun while the browser's address may be older."""
        self.change(replace(self.latest(), **changes))  # pyright: ignore[reportArgumentType]  # it is one

    def put_aside(self, query: Mapping[str, str]) -> None:
        """Write this beside the state from now on, in the place of what stood there."""
        self._show(self.latest(), query)

    def latest(self) -> State:
        """The state that is shown, for a callback that changes it."""
        return st.session_state[self.name] if self.name in st.session_state else self.current()

    def ignored(self) -> tuple[str, ...]:
        """A sentence for each part of the address that was ignored; empty once dismissed. Show them as plain text."""
        return self._get("ignored") or ()

    def dismiss(self) -> None:
        """Say no more about the ignored parts."""
        self._set("ignored", ())

    # ---- the way back -----------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Show what was shown before the last change; nothing happens where there was none."""
        self._go("past", "future")

    def redo(self) -> None:
        """Take the last `undo` back; nothing happens where there was none since the last change."""
        self._go("future", "past")

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._get("past"))

    @property
    def can_redo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._get("future"))

    def _go(self, back: str, forth: str) -> None:
        states = self._get(back) or ()
        if states:
            self._set(forth, (*(self._get(forth) or ()), self.latest()))
            self._set(back, states[:-1])
        self._show(states[-1] if states else self.latest())

    def _keep(self, following: State) -> None:
        """Remember what is shown, where this is to follow it and is something else."""
        before = st.session_state.get(self.name)
        if before is not None and before != following:
            self._set("past", (*(self._get("past") or ()), before)[-MOST_KEPT:])
            self._set("future", ())

    # ---- the next visit ---------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Let the browser keep the address, and at the first view of a bare one give back what it kept.

        Inside the fragment that shows the state: a run of the whole page might find a stage that is still loading.
        """
        key = f"{self.name}.last"

        def given() -> None:
            sent = st.session_state.get(key)
            text = sent.get("query") if isinstance(sent, dict) else None
            if isinstance(text, str) and self._get("fresh"):
                self._restore(text)

        data = {"page": self.name, "path": self.path, "fresh": self._get("fresh") or False}
        with st.container(key=f"{self.name}_last"):
            _last(key=key, data=data, on_query_change=given)

    @property
    def restored(self) -> bool:
        """Whether what is shown is still what the browser gave back."""
        return self._get("restored") == self.latest()

    def _restore(self, text: str) -> None:
        """Show what the browser kept of an earlier visit; what of it means nothing any more is left out."""
        self._set("fresh", False)
        try:
            kept = parse_qs(text[:LONGEST_LAST], keep_blank_values=True, max_num_fields=LONGEST_LAST // 2)
        except ValueError:
            return
        state, _ = self.read(kept)
        self.change(state)
        self._set("restored", state if self.can_undo else None)

    # ---- the session ------------------------------------------------------------------------------------------------

    def _show(self, state: State, aside: Mapping[str, str] | None = None) -> None:
        beside = self.aside(whole_address())[0] if aside is None else aside
        st.query_params.from_dict({**self.write(state), **beside})
        self._set("fresh", False)
        self._hold(state, self.aside(whole_address())[1], self.ignored())

    def _hold(self, state: State, address: Address, ignored: tuple[str, ...]) -> None:
        st.session_state[self.name] = state
        self._set("address", address)
        self._set("ignored", ignored)

    def _get(self, what: str) -> Any:
        return st.session_state.get(f"{self.name}.{what}")

    def _set(self, what: str, value: object) -> None:
        st.session_state[f"{self.name}.{what}"] = value


def put_into_address(query: Mapping[str, str], page: str) -> None:
    """Let the browser put a query into its empty address, once that is the page's; nothing for an empty query.

    By a script: what Python writes would be a step of its own in the browser's history, and might come before the path
    of the page does, so that the page that was left would be there with the settings of this one. The query is written
    as an address is, in which nothing can end the script, whatever a visitor has typed.
    """
    if not query:
        return
    st.html(
        f"""<script>(() => {{
          const path = new URL({json.dumps(f"./{page}")}, document.baseURI).pathname;
          const put = (left) => {{
            if (location.pathname === path && !location.search) {{
              history.replaceState(history.state, "", {json.dumps(f"?{urlencode(query)}")});
            }} else if (left && !location.search) requestAnimationFrame(() => put(left - 1));
          }};
          put({FRAMES});
        }})()</script>""",
        unsafe_allow_javascript=True,
    )


def arrived(page: str) -> bool:
    """Whether another page was shown until now; asked for the page of that name, which is shown from now on."""
    before = st.session_state.get("page")
    st.session_state["page"] = page
    return before not in (None, page)


def whole_address() -> Address:
    """All that stands in the address: name -> its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}

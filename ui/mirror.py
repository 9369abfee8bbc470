"""The state of a page for one visitor, mirrored in the address.

Every run of a page starts with `current`. A control's callback calls `change`, which writes the address too; so an
address that is not the one written last came from outside (a link, the back button, typing) and is read. What is read
is never written back: going back from there must not lead here again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import streamlit as st

FRAMES = 300
"""For how many frames of the browser its address is waited for."""

State = TypeVar("State")
Query = Mapping[str, Sequence[str]]


class Mirror(Generic[State]):
    """A frozen dataclass that a page shows, held in the session under a name."""

    def __init__(
        self,
        name: str,
        read: Callable[[Query], tuple[State, tuple[str, ...]]],
        write: Callable[[State], dict[str, str]],
        path: str,
    ) -> None:
        """Read the state from an address with `read`, which also says what it ignored, and write it with `write`.

        `path` is that of the page.
        """
        self.name, self.read, self.write, self.path = name, read, write, path

    def current(self) -> State:
        """The state to show in this run: as it was left, for a visitor who comes back by the pages' own links."""
        address = _address()
        if arrived(self.name) and not address and self.name in st.session_state:
            self._hold(st.session_state[self.name], address, ())
        elif st.session_state.get(f"{self.name}.address") != address:
            state, ignored = self.read(address)
            self._hold(state, address, ignored)
        return st.session_state[self.name]

    def put_back(self) -> None:
        """Put into the address what a visitor came back to, by a link that has no settings in it."""
        if not _address():
            put_into_address(self.write(self.latest()), self.path)

    def change(self, state: State) -> None:
        """Show this state from now on, and put it into the address."""
        st.query_params.from_dict(self.write(state))
        self._hold(state, _address(), self.ignored())

    def adjust(self, **changes: Any) -> None:
        """Change some of its fields; none, to hold on to it in a rerun while the browser's address may be older."""
        self.change(replace(self.latest(), **changes))  # pyright: ignore[reportArgumentType]  # it is one

    def latest(self) -> State:
        """The state that is shown, for a callback that changes it."""
        return st.session_state[self.name] if self.name in st.session_state else self.current()

    def ignored(self) -> tuple[str, ...]:
        """A sentence for each part of the address that was ignored; empty once dismissed. Show them as plain text."""
        return st.session_state.get(f"{self.name}.ignored", ())

    def dismiss(self) -> None:
        """Say no more about the ignored parts."""
        st.session_state[f"{self.name}.ignored"] = ()

    def _hold(self, state: State, address: dict[str, list[str]], ignored: tuple[str, ...]) -> None:
        held = {self.name: state, f"{self.name}.address": address, f"{self.name}.ignored": ignored}
        st.session_state.update(held)


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


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}

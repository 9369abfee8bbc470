"""The state of a page for one visitor, mirrored in the address.

Every run of a page starts with `current`. A control's callback calls `change`, which writes the address too; so an
address that is not the one written last came from outside (a link, the back button, typing) and is read. What is read
is never written back: going back from there must not lead here again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import streamlit as st

State = TypeVar("State")
Query = Mapping[str, Sequence[str]]


class Mirror(Generic[State]):
    """A frozen dataclass that a page shows, held in the session under a name."""

    def __init__(
        self,
        name: str,
        read: Callable[[Query], tuple[State, tuple[str, ...]]],
        write: Callable[[State], dict[str, str]],
    ) -> None:
        """Read the state from an address with `read`, which also says what it ignored, and write it with `write`."""
        self.name, self.read, self.write = name, read, write

    def current(self) -> State:
        """The state to show in this run."""
        address = _address()
        if st.session_state.get(f"{self.name}.address") != address:
            state, ignored = self.read(address)
            self._hold(state, address, ignored)
        return st.session_state[self.name]

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


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}

"""What a teacher's link takes out of a visitor's hands: parts of a page, locked or hidden, named in the address.

`lock=surface,optimizer&hide=numbers`: what is locked is told and cannot be changed, what is hidden is not there. It
keeps a class to the question, not a secret: whoever edits the address has it all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ui.address import quoted

LOCKABLE: Mapping[str, str] = {
    "surface": "Surface",
    "optimizer": "Optimizers",
    "rate": "Learning rate",
    "start": "Start",
    "settings": "More settings",
    "twists": "Schedule, noise, precision",
}
"""What can be locked, or hidden, by its name in the address."""

PARTS: Mapping[str, str] = {
    **LOCKABLE, "numbers": "Numbers and verdicts", "texts": "Texts", "share": "Share and take away",
}  # fmt: skip
"""What can be hidden."""

NAMES: Mapping[str, Mapping[str, str]] = {"lock": LOCKABLE, "hide": PARTS}
"""The names in the address, and what each of them may name."""

Address = dict[str, list[str]]


@dataclass(frozen=True)
class Restraint:
    """What is locked and what is hidden, by name."""

    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    def shows(self, part: str) -> bool:
        """Whether a part is on the page."""
        return part not in self.hidden

    def frees(self, part: str) -> bool:
        """Whether a visitor may change a part."""
        return part not in self.locked and part not in self.hidden


FREE = Restraint()
"""None at all."""


def restraint_aside(address: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], Address]:
    """What of an address restrains, as it is written, and the rest: there stays what names no part."""
    aside: dict[str, str] = {}
    rest = {name: list(values) for name, values in address.items()}
    for name, parts in NAMES.items():
        asked = [part for text in rest.pop(name, []) for part in text.split(",") if part]
        if known := [part for part in parts if part in asked]:
            aside[name] = ",".join(known)
        if unknown := [part for part in dict.fromkeys(asked) if part not in parts]:
            rest[name] = [",".join(unknown)]
    return aside, rest


def read_restraint(address: Mapping[str, Sequence[str]]) -> Restraint:
    """The restraint that an address asks for, without what it names that is not there."""
    aside, _ = restraint_aside(address)
    locked, hidden = (frozenset(filter(None, aside.get(name, "").split(","))) for name in NAMES)
    return Restraint(locked, hidden)


def restraint_query(locked: Iterable[str], hidden: Iterable[str]) -> dict[str, str]:
    """A restraint as the parameters of an address; what is hidden need not be locked."""
    hides = [part for part in PARTS if part in set(hidden)]
    locks = [part for part in LOCKABLE if part in set(locked) and part not in hides]
    return {name: ",".join(parts) for name, parts in (("lock", locks), ("hide", hides)) if parts}


def refuse_restraint(single: dict[str, Any], ignored: list[str]) -> None:
    """Take what `restraint_aside` has left out of an address, with a sentence for each."""
    for name, parts in NAMES.items():
        if name in single:
            unknown = quoted(str(single.pop(name)))
            ignored.append(f"{name} = {unknown} names nothing on this page; there are {', '.join(parts)}")

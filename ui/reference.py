"""What the Reference page shows: the entries of the registries that are asked for, and what is found out about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args

import numpy as np

from engine.field import gradient_field, hessian_eigenvalues, losses_at
from engine.stationary import shorter_side
from landscapes import CHAPTERS, LANDSCAPES, Landscape
from optimizers import FAMILIES, OPTIMIZERS
from optimizers.base import Optimizer
from ui.address import Query, quoted, single_values
from ui.mathml import GREEK
from ui.numbers import number

Kind = Literal["surfaces", "optimizers"]

ALL = "all"
"""The chapter that holds every entry."""

LONGEST = 60
"""How many characters are looked for."""

LOOKED_AT = 41
"""Points along each side of the map at which the curvature is looked at."""

CHORDS = 4000
"""How many chords between two points of the map are looked at."""

CONDITION = "Condition number at the minimum"

NEAR = 1e-6
"""How far from a minimum its slope shows whether there is a crease, as a share of the map's shorter side."""

STEEP = 100
"""So many times the slope that the curvature explains there is a crease."""

FLAT = 1e-9
"""Below this share of the larger curvature a direction counts as flat, and a negative curvature as rounding."""


@dataclass(frozen=True)
class Reference:
    """What is asked for.

    Attributes:
        kind: which registry.
        chapter: one of its chapters as `slug` writes it, or ALL; "" for the first.
        find: words that an entry has to hold, all of them; "" for every entry.
    """

    kind: Kind = "surfaces"
    chapter: str = ""
    find: str = ""


def slug(title: str) -> str:
    """A chapter's title as an address has it: "Many minima" is many-minima."""
    return title.lower().replace(" ", "-")


def chapters(kind: Kind) -> dict[str, str]:
    """The chapters of a registry by their words in the address, ALL last."""
    titles = CHAPTERS if kind == "surfaces" else FAMILIES
    return {slug(title): title for title in titles} | {ALL: "All chapters"}


def first_chapter(kind: Kind) -> str:
    """The chapter that a list opens on: what fits a screen is there at once."""
    return next(iter(chapters(kind)))


def complete(reference: Reference) -> Reference:
    """The same with its chapter named; words are looked for in every chapter where none is named."""
    if reference.chapter:
        return reference
    return replace(reference, chapter=ALL if reference.find else first_chapter(reference.kind))


def to_query(reference: Reference) -> dict[str, str]:
    """What is asked for as the parameters of an address; whatever is at its default is left out."""
    asked = {"list": reference.kind, "chapter": reference.chapter, "find": reference.find}
    usual = {"list": "surfaces", "chapter": "", "find": ""}
    return {name: value for name, value in asked.items() if value != usual[name]}


def from_query(query: Query) -> tuple[Reference, tuple[str, ...]]:
    """What an address asks for, and one sentence for each part that was ignored. Never raises."""
    single, ignored = single_values(query)
    kind, chapter = single.pop("list", "surfaces"), single.pop("chapter", "")
    if kind not in get_args(Kind):
        ignored.append(f"list = {quoted(kind)} is not known here; there are {', '.join(get_args(Kind))}")
        kind = "surfaces"
    there = chapters(kind)  # pyright: ignore[reportArgumentType]
    if chapter and chapter not in there:
        ignored.append(f"chapter = {quoted(chapter)} is not known here; there are {', '.join(there)}")
        chapter = ""
    find = single.pop("find", "")
    if len(find) > LONGEST:
        ignored.append(f"find = {quoted(find)} is too long: up to {LONGEST} characters")
        find = ""
    ignored += [f"{quoted(name)} means nothing on this page; there are list, chapter, find" for name in single]
    return Reference(kind, chapter, find), tuple(ignored)  # pyright: ignore[reportArgumentType]


def found(reference: Reference) -> list[Any]:
    """The entries that are asked for, in the order of their registry: `Landscape`s or `Optimizer`s."""
    reference = complete(reference)
    entries: Sequence[Landscape | Optimizer]
    entries = list(LANDSCAPES.values() if reference.kind == "surfaces" else OPTIMIZERS.values())
    words = reference.find.casefold().split()
    return [
        entry
        for entry in entries
        if reference.chapter in (ALL, slug(chapter_of(entry))) and all(word in _text(entry) for word in words)
    ]


def chapter_of(entry: Landscape | Optimizer) -> str:
    """The title of an entry's chapter or family."""
    return entry.chapter if isinstance(entry, Landscape) else entry.family


def _text(entry: Landscape | Optimizer) -> str:
    """All that is looked through."""
    parts = (entry.title, entry.key, chapter_of(entry), entry.teaches, entry.notes, entry.source)
    return " ".join(parts).casefold()


# ---- what is found out about an entry --------------------------------------------------------------------------------


def surface_facts(entry: Landscape) -> dict[str, str]:
    """What is found out about a surface at its default parameters: name -> in words. Kept; new, it takes a moment."""
    return {"Shape": "convex on this map" if is_convex(entry) else "not convex", CONDITION: condition_in_words(entry)}


def surface_numbers(entry: Landscape) -> dict[str, str]:
    """What its entry says of a surface: name -> in words."""
    return _knobs(entry.parameters) | ({"Examples": str(entry.examples)} if entry.examples else {})


def rule_facts(method: Optimizer) -> dict[str, str]:
    """What is known of an optimizer: name -> in words."""
    return {
        **_knobs(method.knobs),
        "Remembers": ", ".join(map(_symbol, method.memories)) or "nothing",
        "Settles while the sharpness is below": method.limit.words if method.limit else "not known",
        "A step costs": "one gradient" if method.evaluations is None else "more than one gradient",
    }


def _symbol(memory: str) -> str:
    """A memory's symbol without its step, in plain text."""
    name = memory.removesuffix("_t")
    return f"{name[-1]}\u0304" if name.startswith(r"\bar") else GREEK.get(name, name)


def _knobs(knobs: Mapping[str, Any]) -> dict[str, str]:
    told = ", ".join(f"{name.replace('_', ' ')} {number(knob.default)}" for name, knob in knobs.items())
    return {"Numbers to turn": told} if told else {}


@cache
def is_convex(entry: Landscape) -> bool:
    """Whether no sign was found on the map that the surface is not convex.

    A negative curvature at one of LOOKED_AT² points, or a chord that passes below the surface at its middle, shows that
    it is not; the other answer is no proof. The curvature alone would miss a crease, and chords alone what is shallow.
    """
    (left, right), (bottom, top) = entry.domain
    x, y = np.meshgrid(np.linspace(left, right, LOOKED_AT), np.linspace(bottom, top, LOOKED_AT))
    with np.errstate(all="ignore"):
        low, high = hessian_eigenvalues(entry, np.column_stack([x.ravel(), y.ravel()])).T
        if np.any(low < -FLAT * np.maximum(np.abs(high), np.nanmax(np.abs(high)) * FLAT)):
            return False
        ends = np.random.default_rng(0).uniform((left, bottom), (right, top), (2, CHORDS, 2))
        first, last, middle = (losses_at(entry, points) for points in (*ends, ends.mean(axis=0)))
        above = (first + last) / 2 - middle
        return not np.any(above < -FLAT * (np.abs(first) + np.abs(last)))


@cache
def condition_numbers(entry: Landscape) -> tuple[float, ...]:
    """The larger curvature over the smaller at each minimum: inf where a direction is flat, nan where it is undefined.

    Undefined where the surface has a crease, and where it has no curvature at all.
    """
    if not entry.minima:
        return ()
    minima, step = np.array(entry.minima, float), NEAR * shorter_side(entry)
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    around = minima[:, None] + step * np.column_stack([np.cos(angles), np.sin(angles)])
    with np.errstate(all="ignore"):
        low, high = hessian_eigenvalues(entry, minima).T
        slopes = np.hypot(*gradient_field(entry, around.reshape(-1, 2)).T).reshape(len(minima), -1)
        smooth = slopes.max(axis=1) < STEEP * high * step
        ratio = np.where(low > FLAT * high, high / low, np.inf)
    return tuple(float(value) for value in np.where(np.isfinite(high) & (high > FLAT) & smooth, ratio, np.nan))


def condition_in_words(entry: Landscape) -> str:
    """The condition number at the minimum, or the range of them, in words."""
    values = condition_numbers(entry)
    if not values:
        return "no minimum is known"
    if np.isnan(values).any():
        return "none: a crease, or no curvature at all"
    if np.isinf(values).any():
        return "infinite: one direction is flat"
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"

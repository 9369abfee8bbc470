"""Many runs beside the one: from a grid over the map, from a cloud around the start, or with other seeds from there."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from engine.descend import COORDINATE, SEED
from knobs import Knob
from landscapes.base import Landscape, Point
from ui.address import quoted

Starts = Literal["one", "grid", "cloud", "seeds"]

TITLES: dict[Starts, str] = {"one": "One start", "grid": "A grid", "cloud": "A cloud", "seeds": "64 seeds"}
"""Each kind by its word in the address, as the pages call it."""

HELP = (
    "Runs that go along as small balls: from the middles of 64 equal fields of the map, from 64 places around the "
    "start or, where chance has a part, from the start with 64 seeds."
)

SIDE = 8
"""How many starts a side of the grid has."""

MANY = SIDE * SIDE
"""How many runs there are, whatever their kind."""

SPREAD = Knob(
    0.001, 1, 0.05, "log", allowed=(0, 10),
    help="The standard deviation of the starts in each direction, as a share of the map's side.",
)  # fmt: skip


class Beginnings(NamedTuple):
    """Where each of many runs starts, shape (MANY, 2), and its seed, shape (MANY,)."""

    starts: np.ndarray
    seeds: np.ndarray


def beginnings(kind: Starts, landscape: Landscape, start: Point, spread: float, seed: int) -> Beginnings:
    """The starts and seeds of many runs; the first is the one run itself, but on the grid.

    The seeds are the one run's and those that follow it: runs that chance has a part in are not all shaken alike. A
    cloud is normal in both directions, and drawn from that seed as well.
    """
    (left, right), (bottom, top) = landscape.domain
    starts = np.tile(np.array(start, float), (MANY, 1))
    if kind == "cloud":
        away = np.random.default_rng(seed).standard_normal((MANY, 2)) * spread
        away[0] = 0
        starts = np.clip(starts + away * (right - left, top - bottom), *COORDINATE.limits)
    if kind == "grid":
        shares = (np.arange(SIDE) + 0.5) / SIDE
        x, y = np.meshgrid(left + shares * (right - left), bottom + shares * (top - bottom))
        starts = np.column_stack([x.ravel(), y.ravel()])
    return Beginnings(starts, (seed + np.arange(MANY)) % (int(SEED.limits[1]) + 1))


def fitting_starts(kind: Starts, random: bool) -> Starts:
    """The kind, or the one start where it means nothing."""
    return kind if kind in offered(random) else "one"


def read_starts(word: str, random: bool, ignored: list[str]) -> Starts:
    """The kind that a word in an address names; "one", and a sentence to `ignored`, where it names none here."""
    kinds = offered(random)
    for kind in kinds:
        if kind == word:
            return kind
    reason = "needs noise, a temperature or mini-batches: without chance all seeds give the same run"
    known = f"is not known here; there are {', '.join(kinds)}"
    ignored.append(f"starts = {quoted(word)} {reason if word == 'seeds' else known}")
    return "one"


def offered(random: bool) -> dict[Starts, str]:
    """The kinds that there are for runs that chance has a part in, or has not: without it all seeds give one run."""
    return {kind: title for kind, title in TITLES.items() if random or kind != "seeds"}


def told(kind: Starts) -> str:
    """What the runs are called."""
    names: Mapping[Starts, str] = {"grid": "from a grid of starts", "cloud": "from a cloud of starts"}
    return f"{MANY} runs {names.get(kind, 'with a seed each')}"

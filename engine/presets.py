"""Learning rates that show something, found on the surface itself: too small, just right, on the edge ..."""

from dataclasses import dataclass, replace

import numpy as np

from engine.batch import Batch, fan
from engine.descend import descend
from engine.diagnose import diagnose, verdicts
from engine.field import hessian_eigenvalues
from engine.sharpness import rate_limit

CLOSE = 1e-4
"""A run has arrived when this share of the way down from the first loss to the lowest of all runs is left."""

FAR_BELOW = 10
"""Too small is so many times below just right, where a run crawls there."""

BEYOND = 1.2
"""Diverging is so many times above the edge, so that it is seen to diverge within a few steps."""

UNSTEADY = ("diverged", "overshooting", "circling", "wandering")
"""Verdicts that no rate called just right has."""

TRIALS = 12
"""How many rates at the edge are tried by themselves."""

DIVERGES = "every rate of the dial diverges here"
NEVER = "no rate of the dial diverges here"


@dataclass(frozen=True)
class Preset:
    """One such rate: its name, the rate (None where there is none), and how it was found or why there is none."""

    name: str
    rate: float | None
    reason: str


@dataclass(frozen=True, eq=False)
class Findings:
    """What a fan of learning rates shows.

    Attributes:
        verdicts: (runs,), one for each rate.
        limit_at_start: the learning rate at which the sharpness at the fan's first row is at the optimizer's limit.
        limits_at_end: (runs,), likewise where each run ends; NaN where none is known, and for runs that diverge.
        presets: the rates to demonstrate.
    """

    verdicts: np.ndarray
    limit_at_start: float
    limits_at_end: np.ndarray
    presets: tuple[Preset, ...]


def findings(batch: Batch) -> Findings:
    """The verdicts, limits and presets of a fan over ascending learning rates."""
    told = np.array(verdicts(batch))
    ends = batch.points[np.arange(len(batch)), batch.lengths]
    places = np.concatenate([batch.points[:1, 0], ends])
    with np.errstate(all="ignore"):
        sharpest = hessian_eigenvalues(batch.landscape, places, **batch.parameters)[:, 1]
    found = [rate_limit(batch.optimizer, batch.settings, float(value)) for value in sharpest]
    start, *limits = [np.nan if limit is None else limit for limit in found]
    at_end = np.where(told == "diverged", np.nan, limits)
    return Findings(told, start, at_end, presets(batch, told, start, at_end))


def presets(batch: Batch, told: np.ndarray, start: float, ends: np.ndarray) -> tuple[Preset, ...]:
    """The rates to demonstrate, found from the verdicts at all the rates of a fan.

    - just right: of the runs that neither overshoot, circle, wander nor diverge, the one that is first within `CLOSE`
      of the lowest loss of them all; of those that arrive together or never, the one that ends lowest.
    - too small: the largest rate that crawls, at least `FAR_BELOW` times below just right where one does.
    - overshooting: the middle of the longest stretch of rates that overshoot.
    - on the edge: the last rate before the first that diverges above just right, found again between these two with
      a second fan; a stability limit that lies between them is taken as it is, when a run there does not diverge.
    - diverging: the first rate that diverges at `BEYOND` times the edge or above.

    Args:
        batch: a fan over ascending learning rates.
        told: its verdicts.
        start: the learning rate at the stability limit at its first row, NaN where none is known.
        ends: (runs,), likewise where each run ends.
    """
    rates = batch.learning_rates
    right = _just_right(batch, told)
    ahead = np.flatnonzero((told == "diverged") & (np.arange(len(rates)) > (-1 if right is None else right)))
    cliff = int(ahead[0]) if len(ahead) else None
    edge = None if not cliff else _edge(batch, cliff, (start, float(ends[cliff - 1])))
    found = (
        _too_small(rates, told, right),
        _preset("just right", None if right is None else rates[right], "arrives first", DIVERGES),
        _overshooting(rates, told),
        _preset("on the edge", edge, "the largest rate that does not diverge", DIVERGES if cliff == 0 else NEVER),
        _diverging(rates, told, edge),
    )
    return tuple(_neat(batch, told, preset) for preset in found)


def _neat(batch: Batch, told: np.ndarray, preset: Preset) -> Preset:
    """The preset with its rate in three digits, where a run at that rate is as one at the rate that was found."""
    if preset.rate is None or preset.name == "on the edge":
        return preset
    neat = float(f"{preset.rate:.3g}")
    same = _verdict(batch, neat) == told[int((batch.learning_rates == preset.rate).argmax())]
    return replace(preset, rate=neat) if same else preset


def _verdict(batch: Batch, rate: float) -> str:
    """The verdict on the run at a rate by itself."""
    x, y = batch.starts[0]
    settings = dict(batch.settings)
    changes = batch.rate_changes
    if batch.first:
        changes = (*changes, (batch.first, rate))
    else:
        settings["learning_rate"] = rate
    run = descend(
        batch.landscape, batch.optimizer, start=(float(x), float(y)), steps=batch.first + batch.steps, seed=batch.seed,
        rate_changes=changes, **batch.parameters, **settings, **batch.twists.keywords(),
    )  # fmt: skip
    return diagnose(run).verdict


def _preset(name: str, rate: float | None, found: str, missing: str) -> Preset:
    return Preset(name, None, missing) if rate is None else Preset(name, float(rate), found)


def _just_right(batch: Batch, told: np.ndarray) -> int | None:
    steady = np.flatnonzero(~np.isin(told, UNSTEADY))
    if not len(steady):
        steady = np.flatnonzero(told != "diverged")
    if not len(steady):
        return None
    losses = batch.losses[steady]
    lengths = batch.lengths[steady]
    last = losses[np.arange(len(steady)), lengths]
    lowest = np.nanmin(losses)
    near = losses <= lowest + CLOSE * (losses[:, :1] - lowest)
    arrival = np.where(near.any(axis=1), near.argmax(axis=1), batch.steps + 1)
    return int(steady[np.lexsort((last, arrival))[0]])


def _too_small(rates: np.ndarray, told: np.ndarray, right: int | None) -> Preset:
    crawling = np.flatnonzero(told == "crawling")
    if right is not None:
        crawling = crawling[crawling < right]
    if not len(crawling):
        return Preset("too small", None, "no rate of the dial crawls here")
    well_below = crawling if right is None else crawling[rates[crawling] * FAR_BELOW <= rates[right]]
    chosen = well_below[-1] if len(well_below) else crawling[-1]
    return Preset("too small", float(rates[chosen]), "crawls: far below just right")


def _overshooting(rates: np.ndarray, told: np.ndarray) -> Preset:
    places = np.flatnonzero(told == "overshooting")
    if not len(places):
        return Preset("overshooting", None, "no rate of the dial overshoots here")
    stretches = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    longest = max(stretches, key=len)
    return Preset("overshooting", float(rates[longest[len(longest) // 2]]), "crosses the valley at each step")


def _edge(batch: Batch, cliff: int, limits: tuple[float, ...]) -> float | None:
    calm, wild = batch.learning_rates[cliff - 1 : cliff + 1]
    known = next((limit for limit in limits if calm <= limit <= wild), None)
    if known is not None and _verdict(batch, known) != "diverged":
        return known
    x, y = batch.starts[0]
    finer = fan(
        batch.landscape, batch.optimizer, rates=np.geomspace(calm, wild, len(batch)), start=(float(x), float(y)),
        steps=batch.steps, seed=batch.seed, first=batch.first, rate_changes=batch.rate_changes,
        **batch.parameters, **batch.settings, **batch.twists.keywords(),
    )  # fmt: skip
    diverged = np.array(verdicts(finer)) == "diverged"
    last = int(diverged.argmax()) if diverged.any() else len(diverged)
    candidates = [*finer.learning_rates[:last][::-1][:TRIALS], *batch.learning_rates[:cliff][::-1]]
    # In chaos the same rate may end otherwise among others than alone, by the rounding of one sum.
    return next((float(rate) for rate in candidates if _verdict(batch, float(rate)) != "diverged"), None)


def _diverging(rates: np.ndarray, told: np.ndarray, edge: float | None) -> Preset:
    beyond = np.flatnonzero((told == "diverged") & (rates >= BEYOND * (edge or 0)))
    if not len(beyond):
        return Preset("diverging", None, NEVER)
    return Preset("diverging", float(rates[beyond[0]]), "above the edge")

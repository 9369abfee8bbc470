"""The fan over HTTP: the run at each learning rate of the dial, fetched once so that dragging needs no network.

`GET fan?<the query of a scenario>&rows=<steps that are kept>[&from=<row>][&curve=<scale>]` answers in the form that
`ui.stage.binary` describes, 6 bytes a row. Without `from` it holds the whole runs; with it the runs share their past up
to that row.
"""

import math
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import Batch, Trajectory, dial_rates, fan
from engine.batch import BATCH_STEPS
from engine.presets import findings
from engine.sharpness import stability
from ui.display import Curve, CurveScale, curve
from ui.scenario import CHANGES, from_query, keywords, scenario_of, to_query
from ui.stage.binary import pack
from ui.stage.rows import exits, share, within_reach
from ui.surfaces import surface
from ui.verdicts import LOOKS

SIDES = 9
"""Coordinates are 16-bit shares of a window of so many map sides, with the map in its middle."""

STAYS = 65535
"""Stands for the row at which a run leaves the map when it never does."""


def fan_addresses(run: Trajectory, rows: int, scale: CurveScale = "log") -> dict[str, str] | None:
    """Where the browser fetches a run's fans, relative to the page; None for an optimizer without a learning rate.

    "whole" does not depend on the run's learning rate, so that it stays good while the dial is moved; "onward" lacks
    the row from which the rates hold: `&from=<row>`.
    """
    scenario = scenario_of(run)
    if scenario is None or "learning_rate" not in run.optimizer.knobs:
        return None
    query = to_query(scenario) | {"rows": str(min(rows, run.steps, BATCH_STEPS))}
    if scale != "log":
        query["curve"] = scale
    whole = {name: value for name, value in query.items() if name not in ("learning_rate", CHANGES)}
    return {"whole": f"fan?{urlencode(whole)}", "onward": f"fan?{urlencode(query)}"}


def fan_route(request: Request) -> Response:
    """Answer a request for a fan; 400 with a sentence for a query that means nothing."""
    query: dict[str, Any] = {name: request.query_params.getlist(name) for name in request.query_params}
    try:
        first, rows = _whole(query, "from", 0), _whole(query, "rows", BATCH_STEPS)
        scale = _scale(query.pop("curve", ["log"]))
        scenario, ignored = from_query(query)
        if ignored:
            raise ValueError(ignored[0])
        body = _packed(tuple(sorted(to_query(scenario).items())), first, rows, scale)
    except ValueError as error:
        return PlainTextResponse(f"There is no such fan: {error}.", 400)
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


def _whole(query: dict[str, Any], name: str, otherwise: int) -> int:
    """The whole number of that name, taken out of the query."""
    values = query.pop(name, [str(otherwise)])
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 6:
        raise ValueError(f"{name} takes one whole number")
    return int(values[0])


def _scale(values: list[str]) -> CurveScale:
    match values:
        case ["log" | "linear" | "held_out" | "tasks" as scale]:
            return scale
    raise ValueError("curve is log, linear, held_out or tasks")


@lru_cache(maxsize=24)
def _packed(query: tuple[tuple[str, str], ...], first: int, rows: int, scale: CurveScale) -> bytes:
    scenario, _ = from_query(dict(query))
    if first > scenario.steps:
        raise ValueError(f"from = {first} is not allowed: the run has {scenario.steps} steps")
    batch = fan(
        surface(scenario.landscape), scenario.optimizer, rates=dial_rates(scenario.optimizer), start=scenario.start,
        steps=min(rows, scenario.steps - first), seed=scenario.seed, first=first, rate_changes=scenario.rate_changes,
        **keywords(scenario),
    )  # fmt: skip
    return pack_fan(batch, scale)


def pack_fan(batch: Batch, scale: CurveScale = "log") -> bytes:
    """A fan as the stage reads it: for each run its verdict, its events and its rows up to its end.

    A row is x, y and the ordinate of its loss. A point outside the window of `SIDES` map sides is drawn on the window's
    edge: where the segment that leaves it crosses, or in its direction from the middle.
    """
    found = findings(batch)
    names = [name for name in LOOKS if name in found.verdicts]
    valid = np.arange(batch.steps + 1) <= batch.lengths[:, None]
    steps, crossings = exits(batch.points, batch.landscape.domain)
    axes, axis_of = _axes(batch, scale)
    ends = np.arange(len(batch)), batch.lengths
    limit = float(np.finfo(np.float32).max)
    header = {
        "first": batch.first,
        "steps": batch.steps,
        "sides": SIDES,
        "curves": [_axis(axis) for axis in axes],
        "verdicts": [verdict_look(name) for name in names],
        "presets": [vars(preset) for preset in found.presets],
        "limit": _limit(batch, found.limit_at_start),
        "unlimited": "" if batch.optimizer.limit else f"No stability limit is known for {batch.optimizer.title}",
    }
    shares = _shares(batch)
    places = np.clip(_unit(crossings, batch), 0, 1)
    arrays = {
        "rates": batch.learning_rates.astype(np.float32),
        "lengths": batch.lengths.astype(np.uint16),
        "verdict": np.array([names.index(name) for name in found.verdicts], np.uint16),
        "curve": axis_of.astype(np.uint16),
        "broken": _broken(batch).astype(np.uint16),
        "left": np.where(steps < 0, STAYS, steps).astype(np.uint16),
        "exits": np.rint(np.nan_to_num(places) * 65535).astype(np.uint16),
        "last": np.clip(np.nan_to_num(batch.losses[ends], nan=limit), -limit, limit).astype(np.float32),
        "limits": np.where(np.abs(found.limits_at_end) < limit, found.limits_at_end, 0).astype(np.float32),
        "x": shares[valid, 0],
        "y": shares[valid, 1],
        "ordinate": share(axes[0].ordinates(batch.losses[valid]), inside=1),
    }
    return pack(header, arrays)


def verdict_look(name: str) -> dict[str, Any]:
    """A verdict as the stage draws and names it."""
    return {"name": name, **vars(LOOKS[name])}


def verdict_told(name: str) -> dict[str, str]:
    """The same without what only the dial's track needs: it goes over the wire with every move."""
    return {"name": name, "word": LOOKS[name].word, "sign": LOOKS[name].sign}


def _limit(batch: Batch, at_start: float) -> dict[str, Any] | None:
    """The stability limit of the learning rate: its formula in words and its value at the fan's first row.

    Where the optimizer divides its steps it is that of the first divisor, which is the same at all rates.
    """
    limit = batch.optimizer.limit
    if limit is not None and limit.divisor is not None and not batch.first:
        known = stability(batch.run(0))
        at_start = math.nan if known is None else float(known.rate_limits[0])
    if limit is None or not math.isfinite(at_start):
        return None
    words = limit.words.replace("η", "λ") if "λ" not in limit.words else "stability limit"
    return {"words": words, "start": at_start}


def _broken(batch: Batch) -> np.ndarray:
    """Whether each run ended because its next row would not be finite, shape (runs,)."""
    return ((batch.lengths < batch.steps) & ~batch.at_rest) | ~np.isfinite(batch.losses[:, 0])


def _axes(batch: Batch, scale: CurveScale) -> tuple[list[Curve], np.ndarray]:
    """The axes that the loss curves of these runs have, the one that reaches deepest first, and which is whose."""
    drawn = [curve(batch.landscape, batch.parameters, [run], scale) for run in batch.losses]
    lows = np.array([each.axis.low for each in drawn])
    distinct, places, which = np.unique(lows, return_index=True, return_inverse=True)
    return [drawn[place] for place in places], which


def _axis(scale: Curve) -> dict[str, Any]:
    """An axis in display units; the stage puts ordinates of one onto another of the same units."""
    axis = scale.axis
    return {"title": axis.title, "low": axis.low, "high": axis.high, "ticks": axis.ticks}


def _unit(points: np.ndarray, batch: Batch) -> np.ndarray:
    """Points as shares of the window, shape (..., 2)."""
    low, high = np.array(batch.landscape.domain, float).T
    return ((points - low) / (high - low) + SIDES // 2) / SIDES


def _shares(batch: Batch) -> np.ndarray:
    """The points of all rows as 16-bit shares of the window, shape (runs, rows, 2)."""
    places = _unit(within_reach(batch.points), batch)
    away = np.abs(places - 0.5)
    furthest = np.maximum(away[..., 0], away[..., 1])
    with np.errstate(divide="ignore"):
        drawn = 0.5 + (places - 0.5) * np.minimum(1, 0.5 / furthest)[..., None]
    runs, rows = np.nonzero((furthest[:, 1:] > 0.5) & (furthest[:, :-1] <= 0.5))
    before, after = places[runs, rows], places[runs, rows + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = ((after > before) - before) / (after - before)
    nearest = np.nanmin(np.where(after == before, np.inf, crossing), axis=1, keepdims=True, initial=np.inf)
    drawn[runs, rows + 1] = before + nearest * (after - before)
    return np.rint(np.nan_to_num(np.clip(drawn, 0, 1)) * 65535).astype(np.uint16)

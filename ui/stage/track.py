"""What is looked at beside the loss, over HTTP: only fetched while it is shown.

`GET track?run=<the query of a scenario>[&run=...]` answers the sharpness along runs against its limit, and
`GET explain?run=<query>` a run step by step, both in the form that `ui.stage.binary` describes.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from engine import Trajectory
from engine.sharpness import Stability, sharpness, stability
from ui.display import Axis, linear_ticks, log_ticks
from ui.explanation import explain
from ui.numbers import number
from ui.outcome import outside
from ui.scenario import from_query, run, scenario_of, to_query
from ui.stage.binary import pack
from ui.stage.rows import share

WIDE = 30
"""An axis whose values lie further apart than this is logarithmic."""

DEEP = 6
"""Decades that a logarithmic axis has at most."""

MOST_RUNS, MOST_FIELDS = 6, 64
"""What an address may hold: runs, and settings of each."""


def run_query(t: Trajectory) -> str | None:
    """The query that names a run in these addresses; None for a run that no address can name."""
    scenario = scenario_of(t)
    return None if scenario is None else urlencode(to_query(scenario))


def track_route(request: Request) -> Response:
    """Answer the sharpness along runs; 400 with a sentence for a query that means nothing."""
    return _answer(request, pack_track, MOST_RUNS)


def explain_route(request: Request) -> Response:
    """Answer the steps of a run explained; 400 with a sentence for a query that means nothing."""
    return _answer(request, pack_explanation, 1)


TRACK_ROUTES = (Route("/track", track_route), Route("/explain", explain_route))


def _answer(request: Request, packed: Callable[..., bytes], most: int) -> Response:
    given = request.query_params.getlist("run")
    if not 1 <= len(given) <= most:
        return PlainTextResponse(f"There are {len(given)} runs in this address; it takes 1 to {most}.", 400)
    queries = []
    for text in given:
        try:
            scenario, ignored = from_query(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError as error:
            return PlainTextResponse(f"There is no such run: {error}.", 400)
        if ignored:
            return PlainTextResponse(f"There is no such run: {ignored[0]}.", 400)
        queries.append(tuple(sorted(to_query(scenario).items())))
    body = _kept(packed, tuple(queries))
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=32)
def _kept(packed: Callable[..., bytes], queries: tuple[tuple[tuple[str, str], ...], ...]) -> bytes:
    return packed(*(run(from_query(dict(query))[0]) for query in queries))


def pack_track(*runs: Trajectory) -> bytes:
    """The sharpness that counts at each row of each run and its limit, as 16-bit shares of one axis.

    The header says what they are, in words as well; `crossings` are the rows at which the sharpness goes above the
    limit or comes back. Where no limit is known there is none, and `note` says so.
    """
    stabilities = [stability(t) for t in runs]
    values = [sharpness(t) if one is None else one.sharpness for t, one in zip(runs, stabilities, strict=True)]
    limits = [None if one is None else one.limits for one in stabilities]
    within = [rows[~outside(t)] for t, rows in zip(runs, values, strict=True)]
    axis, logarithmic = _axis(np.concatenate([*within, *(rows for rows in limits if rows is not None)]))

    def ordinates(numbers: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            shown = axis.unit(np.log10(np.maximum(numbers, 0)) if logarithmic else numbers)
        return share(np.nan_to_num(shown, nan=-1, posinf=2, neginf=-1), inside=1)

    header = {
        "title": "preconditioned sharpness" if any(one and one.preconditioned for one in stabilities) else "sharpness",
        "ticks": [[float(axis.unit(np.array(at))), text] for at, text in axis.ticks],
        "runs": [_crossed(*both) for both in zip(values, limits, stabilities, strict=True)],
        "note": " ".join(dict.fromkeys(_note(t, one) for t, one in zip(runs, stabilities, strict=True))),
        "spoken": " ".join(_spoken(t, rows, limit) for t, rows, limit in zip(runs, values, limits, strict=True)),
    }
    arrays = {}
    for place, (rows, limit) in enumerate(zip(values, limits, strict=True)):
        arrays[f"sharpness{place}"] = ordinates(rows)
        if limit is not None:
            arrays[f"limits{place}"] = ordinates(limit)
    return pack(header, arrays)


def _crossed(values: np.ndarray, limits: np.ndarray | None, stable: Stability | None) -> dict[str, Any]:
    """Where a run is above its limit, and what that limit is called."""
    if limits is None or stable is None:
        return {"limit": None, "above": False, "crossings": []}
    above = values > limits
    crossings = [int(row) for row in np.flatnonzero(np.diff(above)) + 1]
    return {"limit": f"limit {stable.words}", "above": bool(above[0]), "crossings": crossings}


def _axis(values: np.ndarray) -> tuple[Axis, bool]:
    """An axis for these numbers, and whether it is logarithmic."""
    shown = values[np.isfinite(values)]
    if not shown.size:
        shown = np.array([0.0, 1.0])
    positive = shown[shown > 0]
    if positive.size and positive.max() > WIDE * positive.min():
        high = math.log10(positive.max()) + 0.1
        low = max(math.log10(positive.min()), high - DEEP) - 0.1
        return Axis("sharpness", low, high, log_ticks(low, high)), True
    low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
    high += 0.08 * (high - low) if high > low else 1
    return Axis("sharpness", low, high, linear_ticks(low, high, 4)), False


def _note(t: Trajectory, stable: Stability | None) -> str:
    """What the chart rests on, in a sentence or two."""
    if stable is None:
        return f"No limit of the sharpness is known for {t.optimizer.title}, so none is drawn."
    divided = (
        "of P⁻¹H (P: what each coordinate of the step is divided by)" if stable.preconditioned else "of the Hessian"
    )
    told = f"On a parabola {t.optimizer.title} settles while the largest eigenvalue {divided} is below {stable.words}."
    return " ".join(filter(None, [told, stable.approximate, f"Source: {stable.source}."]))


def _spoken(t: Trajectory, values: np.ndarray, limits: np.ndarray | None) -> str:
    """The chart in a sentence, for those who do not see it."""
    last = t.length
    told = f"{t.optimizer.title}: sharpness {number(values[0])} at the start and {number(values[last])} at step {last}"
    if limits is None:
        return f"{told}; no limit is known."
    above = values > limits
    told = f"{told}; its limit is {number(limits[last])}"
    if not above.any():
        return f"{told}, and it stays below."
    return f"{told}. It is above at {int(above.sum())} of {len(above)} rows, first at step {int(above.argmax())}."


def pack_explanation(t: Trajectory) -> bytes:
    """The steps of a run explained: the rule as MathML with slots, their numbers, and what is drawn at the ball."""
    shown = explain(t)
    names = list(shown.slots)
    limit = np.finfo(np.float32).max
    header = {
        "title": t.optimizer.title,
        "steps": t.steps,
        "length": t.length,
        "diverged": t.status == "diverged",
        "lines": shown.lines,
        "note": shown.note,
        "marks": [vars(mark) for mark in shown.marks],
        "slots": [[name, int(np.prod(shown.slots[name].shape[1:]))] for name in names],
    }
    arrays = {
        str(place): np.where(np.abs(rows) > limit, np.copysign(np.inf, rows), rows).astype(np.float32)
        for place, rows in enumerate(shown.slots[name] for name in names)
    }
    return pack(header, arrays)

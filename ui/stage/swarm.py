"""The swarm over HTTP: many runs that go along with a run, or with each contender of a comparison, as small balls.

`GET swarm?<the query of a comparison>` and `GET along?<the query of a scenario>` answer in the form that
`ui.stage.binary` describes, 4 bytes a row.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from engine import Trajectory
from engine.compare import measure
from ui import comparison as compare
from ui import scenario as explore
from ui.comparison import LETTERS, Comparison
from ui.race import Race, race, swarms
from ui.scenario import Scenario, runs_along
from ui.stage.binary import pack
from ui.stage.rows import FAR, within_reach
from ui.surfaces import surface

SIDES = 9
"""Coordinates are 16-bit shares of a window of so many map sides, with the map in its middle."""


class Swarm(NamedTuple):
    """Where the small balls are to be fetched, relative to the page, for how many steps they go, and their kind.

    That is the word of their starts, or "workers" where they are those of the runs themselves.
    """

    address: str
    steps: int
    kind: str


def swarm_along(scenario: Scenario, run: Trajectory) -> Swarm | None:
    """What goes along with the run of a scenario: many other runs, or else its own workers; None for neither."""
    batch = runs_along(scenario)
    if batch is None and run.worker_points is None:
        return None
    address = f"along?{urlencode(explore.to_query(scenario))}"
    if batch is None:
        return Swarm(address, run.length, "workers")
    return Swarm(address, int(batch.lengths.max()), scenario.starts)


def swarm_beside(comparison: Comparison, raced: Race) -> Swarm | None:
    """What goes along with each contender: its many runs, or else its own workers; None where none has any."""
    if comparison.starts == "one" and all(run.worker_points is None for run in raced.runs):
        return None
    steps = max(int(measures.lengths.max()) for measures in raced.measures)
    return Swarm(swarm_address(comparison), steps, "workers" if comparison.starts == "one" else comparison.starts)


def swarm_address(comparison: Comparison) -> str:
    """Where the browser fetches a comparison's swarms, relative to the page; the same for all that look the same."""
    plain = replace(comparison, view="race", scale="log", dial=LETTERS[0], sort="order")
    return f"swarm?{urlencode(compare.to_query(plain))}"


def swarm_route(request: Request) -> Response:
    """Answer a request for the swarms of a comparison; 400 with a sentence for a query that means nothing."""
    comparison, ignored = compare.from_query(_asked(request))
    many = comparison.starts != "one" or "workers" in comparison.twists
    return _answer(ignored, many, _swarms, compare.to_query(comparison))


def along_route(request: Request) -> Response:
    """Answer a request for what goes along with a run; 400 with a sentence for a query that means nothing."""
    scenario, ignored = explore.from_query(_asked(request))
    many = runs_along(scenario) is not None or "workers" in scenario.twists
    return _answer(ignored, many, _along, explore.to_query(scenario))


SWARM_ROUTES = [Route("/swarm", swarm_route), Route("/along", along_route)]


def _asked(request: Request) -> dict[str, list[str]]:
    return {name: request.query_params.getlist(name) for name in request.query_params}


def _answer(ignored: Sequence[str], many: bool, packed: Callable[..., bytes], query: dict[str, str]) -> Response:
    if ignored or not many:
        return PlainTextResponse(f"There is no such swarm: {[*ignored, 'nothing goes along'][0]}.", 400)
    body = packed(tuple(sorted(query.items())))
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=12)
def _swarms(query: tuple[tuple[str, str], ...]) -> bytes:
    comparison, _ = compare.from_query(dict(query))
    domain = surface(comparison.landscape).domain
    if comparison.starts == "one":
        return pack_swarms([_workers(run) for run in race(comparison).runs], domain)
    batches = swarms(comparison)
    within = (measure(batch, budget=comparison.budget, tolerance=comparison.tolerance) for batch in batches)
    pairs = zip(batches, within, strict=True)
    return pack_swarms([_standing(batch.points, measures.lengths) for batch, measures in pairs], domain)


@lru_cache(maxsize=12)
def _along(query: tuple[tuple[str, str], ...]) -> bytes:
    scenario, _ = explore.from_query(dict(query))
    batch = runs_along(scenario)
    balls = _workers(explore.run(scenario)) if batch is None else _standing(batch.points, batch.lengths)
    return pack_swarms([balls], surface(scenario.landscape).domain)


def _standing(points: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Points of shape (runs, rows, 2) as (rows, runs, 2), where each run stands still from its last row on."""
    row = np.minimum(np.arange(int(lengths.max()) + 1)[:, None], lengths)
    return points[np.arange(len(points)), row]


def _workers(run: Trajectory) -> np.ndarray:
    """Where the workers of a run are, shape (length + 1, workers, 2); no workers for a run that has one."""
    if run.worker_points is None:
        return np.zeros((1, 0, 2))
    return run.worker_points[: run.length + 1]


def pack_swarms(balls: Sequence[np.ndarray], domain: Sequence[Sequence[float]]) -> bytes:
    """The swarms as the stage reads them, from points of shape (rows, balls, 2) for each contender.

    What is outside the window of `SIDES` map sides is put onto its edge, and the stage draws nothing there.
    """
    arrays: dict[str, np.ndarray] = {}
    low, high = np.array(domain, float).T
    for place, points in enumerate(balls):
        reached = within_reach(np.nan_to_num(points, nan=FAR, posinf=FAR, neginf=-FAR))
        shares = np.clip(((reached - low) / (high - low) + SIDES // 2) / SIDES, 0, 1)
        x, y = np.moveaxis(np.rint(shares * 65535).astype(np.uint16), -1, 0)
        arrays |= {f"x{place}": x, f"y{place}": y}
    header = {"sides": SIDES, "rows": [len(points) for points in balls], "balls": [each.shape[1] for each in balls]}
    return pack(header, arrays)

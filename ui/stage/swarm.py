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

from engine import Batch
from engine.compare import measure
from ui import comparison as compare
from ui import scenario as explore
from ui.comparison import LETTERS, Comparison
from ui.race import swarms
from ui.scenario import Scenario, runs_along
from ui.stage.binary import pack
from ui.stage.rows import within_reach
from ui.starts import Starts

SIDES = 9
"""Coordinates are 16-bit shares of a window of so many map sides, with the map in its middle."""


class Swarm(NamedTuple):
    """Where the small balls are to be fetched, relative to the page, for how many steps they go, and their kind."""

    address: str
    steps: int
    kind: Starts


def swarm_along(scenario: Scenario) -> Swarm | None:
    """What goes along with the run of a scenario; None where nothing does."""
    batch = runs_along(scenario)
    if batch is None:
        return None
    return Swarm(f"along?{urlencode(explore.to_query(scenario))}", int(batch.lengths.max()), scenario.starts)


def swarm_address(comparison: Comparison) -> str:
    """Where the browser fetches a comparison's swarms, relative to the page; the same for all that look the same."""
    plain = replace(comparison, view="race", scale="log", dial=LETTERS[0], sort="order")
    return f"swarm?{urlencode(compare.to_query(plain))}"


def swarm_route(request: Request) -> Response:
    """Answer a request for the swarms of a comparison; 400 with a sentence for a query that means nothing."""
    comparison, ignored = compare.from_query(_asked(request))
    return _answer(ignored, comparison.starts != "one", _swarms, compare.to_query(comparison))


def along_route(request: Request) -> Response:
    """Answer a request for what goes along with a run; 400 with a sentence for a query that means nothing."""
    scenario, ignored = explore.from_query(_asked(request))
    return _answer(ignored, runs_along(scenario) is not None, _along, explore.to_query(scenario))


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
    batches = swarms(comparison)
    within = (measure(batch, budget=comparison.budget, tolerance=comparison.tolerance) for batch in batches)
    return pack_swarms(batches, [measures.lengths for measures in within])


@lru_cache(maxsize=12)
def _along(query: tuple[tuple[str, str], ...]) -> bytes:
    scenario, _ = explore.from_query(dict(query))
    batch = runs_along(scenario)
    assert batch is not None
    return pack_swarms([batch], [batch.lengths])


def pack_swarms(batches: Sequence[Batch], lengths: Sequence[np.ndarray]) -> bytes:
    """The swarms as the stage reads them: x and y of all runs of a contender, row after row.

    `lengths` has the last row that each run of each batch reaches; from there on it stands still. What is outside the
    window of `SIDES` map sides is put onto its edge, and the stage draws nothing there.
    """
    arrays: dict[str, np.ndarray] = {}
    rows = []
    for place, (batch, reached) in enumerate(zip(batches, lengths, strict=True)):
        last = int(reached.max())
        rows.append(last + 1)
        row = np.minimum(np.arange(last + 1)[:, None], reached)
        points = within_reach(batch.points[np.arange(len(batch)), row])  # (rows, runs, 2)
        low, high = np.array(batch.landscape.domain, float).T
        shares = np.clip(((points - low) / (high - low) + SIDES // 2) / SIDES, 0, 1)
        x, y = np.moveaxis(np.rint(shares * 65535).astype(np.uint16), -1, 0)
        arrays |= {f"x{place}": x, f"y{place}": y}
    return pack({"sides": SIDES, "rows": rows, "runs": len(batches[0])}, arrays)

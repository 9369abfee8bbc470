"""The swarm over HTTP: for each contender of a comparison the runs from a cloud of starts, fetched by the stage.

`GET swarm?<the query of a comparison>` answers in the form that `ui.stage.binary` describes, 4 bytes a row.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import Batch
from engine.compare import measure
from ui.comparison import LETTERS, Comparison, from_query, to_query
from ui.race import swarms
from ui.stage.binary import pack
from ui.stage.rows import within_reach

SIDES = 9
"""Coordinates are 16-bit shares of a window of so many map sides, with the map in its middle."""


def swarm_address(comparison: Comparison) -> str:
    """Where the browser fetches the swarm, relative to the page; the same for all that look the same."""
    plain = replace(comparison, starts="many", view="race", scale="log", dial=LETTERS[0], sort="order")
    return f"swarm?{urlencode(to_query(plain))}"


def swarm_route(request: Request) -> Response:
    """Answer a request for a swarm; 400 with a sentence for a query that means nothing."""
    query: dict[str, Any] = {name: request.query_params.getlist(name) for name in request.query_params}
    comparison, ignored = from_query(query)
    if ignored:
        return PlainTextResponse(f"There is no such swarm: {ignored[0]}.", 400)
    body = _packed(tuple(sorted(to_query(comparison).items())))
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=12)
def _packed(query: tuple[tuple[str, str], ...]) -> bytes:
    comparison, _ = from_query(dict(query))
    return pack_swarms(swarms(comparison), comparison)


def pack_swarms(batches: Sequence[Batch], comparison: Comparison) -> bytes:
    """The swarms as the stage reads them: x and y of all runs of a contender, row after row.

    A run that has ended, or used up its budget, stands still; what is outside the window of `SIDES` map sides is put
    onto its edge, and the stage draws nothing there.
    """
    arrays: dict[str, np.ndarray] = {}
    rows = []
    for place, batch in enumerate(batches):
        lengths = measure(batch, budget=comparison.budget, tolerance=comparison.tolerance).lengths
        last = int(lengths.max())
        rows.append(last + 1)
        row = np.minimum(np.arange(last + 1)[:, None], lengths)
        points = within_reach(batch.points[np.arange(len(batch)), row])  # (rows, runs, 2)
        low, high = np.array(batch.landscape.domain, float).T
        shares = np.clip(((points - low) / (high - low) + SIDES // 2) / SIDES, 0, 1)
        x, y = np.moveaxis(np.rint(shares * 65535).astype(np.uint16), -1, 0)
        arrays |= {f"x{place}": x, f"y{place}": y}
    return pack({"sides": SIDES, "rows": rows, "runs": len(batches[0])}, arrays)

"""The contours of the mini-batches over HTTP: fetched while they are shown, a few steps at a time.

`GET batches?<what decides the batches, as in the query of a scenario>&piece=<k>` answers for the steps from
k · `STEPS` on, in the form that `ui.stage.binary` describes.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import contourpy
import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import Trajectory
from engine.field import BATCHES, batch_losses_at
from engine.program import MAX_STEPS
from engine.twists import Twists, mini_batches
from landscapes import Landscape
from ui.display import display, relief
from ui.scenario import default_scenario, from_query, to_query
from ui.stage.binary import pack
from ui.surfaces import name_of, surface
from ui.twists import BATCH

STEPS = BATCHES
"""How many steps an answer is for: as many as are computed at a time."""

GRID = 81
"""Points along each side at which the loss of a batch is computed."""

STRAIGHT = 5e-4
"""By how much of the map's side a line may stray when points of it are left out: a quarter of a pixel."""

EVERY, MOST_LEVELS = 2, 30
"""Every so many levels of the landscape's own contours there is one of a batch; at most so many, the highest."""


def batches_address(run: Trajectory) -> str | None:
    """Where the browser fetches the contours of a run's batches, but for the piece; None where each step takes all."""
    name = name_of(run.landscape)
    if name is None or run.twists.batch_size is None:
        return None
    plain = replace(
        default_scenario(name), parameters=run.parameters, seed=run.seed, twists={BATCH: run.twists.batch_size}
    )
    return f"batches?{urlencode(to_query(plain))}"


def batches_route(request: Request) -> Response:
    """Answer the contours of some steps' batches; 400 with a sentence for a query that means nothing."""
    query: dict[str, Any] = {name: request.query_params.getlist(name) for name in request.query_params}
    piece = query.pop("piece", [""])
    if len(piece) != 1 or not piece[0].isascii() or not piece[0].isdigit() or len(piece[0]) > 6:
        return PlainTextResponse("There are no such batches: piece takes one whole number.", 400)
    scenario, ignored = from_query(query)
    told = ignored[0] if ignored else "a batch_size is missing"
    if ignored or BATCH not in scenario.twists:
        return PlainTextResponse(f"There are no such batches: {told}.", 400)
    if int(piece[0]) * STEPS >= MAX_STEPS:
        return PlainTextResponse(f"There are no such batches: a run has at most {MAX_STEPS} steps.", 400)
    parameters = tuple(sorted(scenario.parameters.items()))
    size = int(scenario.twists[BATCH])
    body = _packed(surface(scenario.landscape), parameters, size, scenario.seed, int(piece[0]))
    return Response(body, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=256)
def _packed(landscape: Landscape, parameters: tuple[tuple[str, float], ...], size: int, seed: int, piece: int) -> bytes:
    chosen = mini_batches(landscape, Twists(batch_size=size), seed, (piece + 1) * STEPS)[-STEPS:]
    return pack_batches(landscape, dict(parameters), chosen)


def pack_batches(landscape: Landscape, parameters: Mapping[str, float], chosen: np.ndarray) -> bytes:
    """The contours of the loss of each batch, at the levels that the landscape's own contours have.

    Args:
        landscape: what the batches are of.
        parameters: its own.
        chosen: which examples are in each batch, shape (batches, examples), bool.

    Returns:
        points: x and y in turn, as 16-bit shares of the domain. starts: where each line begins, counted in points.
        firsts: where the lines of each batch begin, counted in lines. Both end with their whole count.
        levels: of each line the number of its level, 0 for the batch's lowest.
    """
    drawn, known = relief(landscape, parameters), landscape.at(parameters)
    x, y = (np.linspace(low, high, GRID) for low, high in landscape.domain)
    points = np.stack(np.meshgrid(x, y), axis=-1)
    sets, which = np.unique(chosen, axis=0, return_inverse=True)  # examples that are few are soon met again
    lines_of = []
    for losses in batch_losses_at(landscape, points, sets, **parameters):
        heights = display(known, losses.reshape(GRID, GRID))
        # A batch's loss may be below the minimum of all, where a logarithmic height has no end.
        low = heights.min() if landscape.height == "linear" else drawn.axis.low
        high = min(heights.max(), drawn.axis.high)
        apart = EVERY * drawn.contour_step
        first = int(np.floor(max(low, high - MOST_LEVELS * apart) / apart)) + 1
        unit = np.linspace(0, 1, GRID)
        generator = contourpy.contour_generator(unit, unit, heights, line_type=contourpy.LineType.Separate)
        levels = [n * apart for n in range(first, first + MOST_LEVELS) if n * apart < high]
        lines_of.append(
            [
                (place, thinned(np.asarray(line, float)))
                for place, level in enumerate(levels)
                for line in generator.lines(level)
            ]
        )
    found = [line for place in which for line in lines_of[place]]
    lines = [line for _, line in found]
    shares = np.concatenate([np.zeros((0, 2)), *lines])
    return pack(
        {"batches": len(chosen)},
        {
            "points": np.rint(np.clip(shares, 0, 1) * 65535).astype(np.uint16),
            "starts": np.cumsum([0, *(len(line) for line in lines)]).astype(np.uint32),
            "levels": np.array([place for place, _ in found], np.uint8),
            "firsts": np.cumsum([0, *(len(lines_of[place]) for place in which)]).astype(np.uint32),
        },
    )


def thinned(line: np.ndarray) -> np.ndarray:
    """The line, shape (n, 2), with as few of its points, evenly taken, as let it stray by no more than `STRAIGHT`."""
    count = len(line)
    for stride in (64, 32, 16, 8, 4, 2):
        ends = np.append(np.arange(0, count - 1, stride), count - 1)
        begin = np.repeat(ends[:-1], np.diff(ends))
        end = np.repeat(ends[1:], np.diff(ends))
        along, beside = line[end] - line[begin], line[:-1] - line[begin]
        lengths = np.hypot(*along.T)
        strays = np.abs(along[:, 0] * beside[:, 1] - along[:, 1] * beside[:, 0]) / np.maximum(lengths, 1e-12)
        if max(strays.max(), np.where(lengths < STRAIGHT, np.hypot(*beside.T), 0).max()) <= STRAIGHT:
            return line[ends]
    return line

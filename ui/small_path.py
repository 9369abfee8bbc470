"""A small picture of what an optimizer does: its path on one surface, with what it opens on.

`GET path/<optimizer key>.svg?theme=<light or dark>`

The paths are recorded, since 29 programs would have to be compiled to show the catalogue; `python docs/small_paths.py`
makes them anew, and a test holds them to the runs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from optimizers.base import Optimizer
from ui.palette import SERIES, THEMES, Theme
from ui.scenario import OPENING, default_scenario, run
from ui.small_map import WIDE, map_route, picture, small_map

RECORDED = Path(__file__).with_suffix(".json")

SURFACE = OPENING[0]

APART = 3
"""Units of the picture from one drawn iterate to the next, at least."""

_EDGE = {"light": "#ffffff", "dark": "#10151c"}


@dataclass(frozen=True)
class Recorded:
    """A path, and the settings of the optimizer with which it was run.

    Attributes:
        settings: the optimizer's knobs by name, with which Explore opens.
        points: the iterates that are drawn, in units of the picture from its upper left corner.
    """

    settings: Mapping[str, float]
    points: tuple[tuple[int, int], ...]


def record(method: Optimizer) -> Recorded:
    """The path of what Explore opens on with this optimizer; it ends where it goes far beyond the picture."""
    t = run(default_scenario(SURFACE, method.key))
    (left, right), (bottom, top) = LANDSCAPES[SURFACE].domain
    tall = WIDE * (top - bottom) / (right - left)
    places = np.column_stack([
        (t.points[:, 0] - left) / (right - left) * WIDE, (top - t.points[:, 1]) / (top - bottom) * tall,
    ])[: t.length + 1]  # fmt: skip
    drawn = [places[0]]
    for place in places[1:]:
        if np.hypot(*(place - drawn[-1])) >= APART:
            drawn.append(place)
        if np.abs(place).max() > 4 * WIDE:
            break
    points = tuple((int(x), int(y)) for x, y in np.rint(drawn))
    return Recorded(dict(t.settings), points)


def written(paths: Mapping[str, Recorded]) -> str:
    """Recorded paths as the file has them: a line for each optimizer."""
    lines = [
        f"{json.dumps(key)}: {json.dumps({'settings': one.settings, 'points': one.points}, separators=(',', ':'))}"
        for key, one in paths.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def recorded() -> dict[str, Recorded]:
    """Every recorded path by its optimizer's key."""
    known = json.loads(RECORDED.read_text())
    return {key: Recorded(one["settings"], tuple(map(tuple, one["points"]))) for key, one in known.items()}


@lru_cache(maxsize=len(THEMES) * len(OPTIMIZERS))
def small_path(key: str, theme: Theme) -> str:
    """The surface's map with the recorded path on it: a ring at its start, the iterates, a ball at its end."""
    points = recorded()[key].points
    colour, edge = SERIES[0].colours[theme], _EDGE[theme]
    line = "M" + "L".join(f"{x} {y}" for x, y in points)
    dots = "".join(f"M{x} {y}h0" for x, y in points)
    (x, y), (u, v) = points[0], points[-1]
    drawn = (
        f'<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{line}" stroke="{edge}" stroke-width="9" stroke-opacity="0.75"/>'
        f'<path d="{line}" stroke="{colour}" stroke-width="4"/><path d="{dots}" stroke="{colour}" stroke-width="9"/>'
        f'<circle cx="{x}" cy="{y}" r="11" stroke="{edge}" stroke-width="8"/>'
        f'<circle cx="{x}" cy="{y}" r="11" stroke="{colour}" stroke-width="4"/></g>'
        f'<circle cx="{u}" cy="{v}" r="12" fill="{colour}" stroke="{edge}" stroke-width="4"/>'
    )
    return small_map(LANDSCAPES[SURFACE], theme).removesuffix("</svg>") + drawn + "</svg>"


def path_address(method: Optimizer, theme: Theme) -> str:
    """Where the browser fetches the picture, relative to the page."""
    return f"path/{method.key}.svg?theme={theme}"


def path_route(request: Request) -> Response:
    """Answer a request for a picture; 404 for an unknown key, 400 for an unknown theme."""
    return picture(request, OPTIMIZERS, small_path)


PICTURE_ROUTES = [Route("/map/{key}.svg", map_route), Route("/path/{key}.svg", path_route)]
"""The small pictures of both registries."""

"""A small contour map of a surface, as an SVG picture that the browser fetches when it comes into view.

`GET map/<landscape key>.svg?theme=<light or dark>`
"""

from collections.abc import Callable, Container
from functools import lru_cache
from typing import Any

import contourpy
import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import loss_grid
from landscapes import LANDSCAPES, Landscape
from landscapes.base import Point
from ui.display import display, raised
from ui.palette import THEMES, Theme, ramp_hex

POINTS = 101
"""Points along each side of the grid behind the picture."""

LEVELS = 14
"""How many heights are told apart."""

WIDE = 480
"""The width of the picture in its own units, which are whole: a screen pixel or less."""

STAR = "M0-9 2.1-2.9H8.6L3.4.9 5.4 7.1 0 3.4-5.4 7.1-3.4.9-8.6-2.9H-2.1Z"

_INK = {"light": "#1c222b", "dark": "#f1f5fc"}


@lru_cache(maxsize=2 * len(LANDSCAPES))
def small_map(landscape: Landscape, theme: Theme) -> str:
    """The map of a landscape at its default parameters: heights as colours, contour lines, a star at each minimum."""
    grid = loss_grid(landscape, POINTS)
    heights = raised(grid, display(landscape, grid.losses), "").heights
    (left, right), (bottom, top) = landscape.domain
    tall = round(WIDE * (top - bottom) / (right - left))
    generator = contourpy.contour_generator(
        np.linspace(0, WIDE, POINTS), np.linspace(tall, 0, POINTS), heights, fill_type=contourpy.FillType.OuterOffset
    )
    colours = ramp_hex(theme)
    shades = [
        f'<path fill="{colours[round((level + 0.5) / LEVELS * (len(colours) - 1))]}" '
        f'd="{_outline(generator.filled(level / LEVELS if level else -1, 2))}"/>'
        for level in range(LEVELS)
    ]
    stars = [_star(point, landscape, tall) for point in landscape.minima]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" width="{WIDE}" height="{tall}">'
        f'<g fill-rule="evenodd" stroke="{_INK[theme]}" stroke-opacity="0.3">{"".join(shades)}</g>'
        f'<g fill="{_INK["light"]}" stroke="{_INK["dark"]}" stroke-width="2" paint-order="stroke">{"".join(stars)}</g>'
        "</svg>"
    )


def _outline(filled: Any) -> str:
    """Polygons with holes, as contourpy gives them, as the commands of a path in whole units.

    Each point is told from the one before.
    """
    rings = []
    for points, offsets in zip(*filled, strict=True):
        whole = np.rint(points).astype(int)
        for begin, end in zip(offsets[:-1], offsets[1:], strict=True):
            steps = np.diff(whole[begin : end - 1], axis=0)  # the last point is the first again
            moved = " ".join(f"{x} {y}" for x, y in steps[np.any(steps != 0, axis=1)])
            rings.append(f"M{whole[begin, 0]} {whole[begin, 1]}l{moved}z")
    return "".join(rings)


def _star(place: Point, landscape: Landscape, tall: int) -> str:
    (left, right), (bottom, top) = landscape.domain
    x, y = (place[0] - left) / (right - left) * WIDE, (top - place[1]) / (top - bottom) * tall
    return f'<path transform="translate({x:.1f} {y:.1f}) scale(1.3)" d="{STAR}"/>'


def map_address(landscape: Landscape, theme: Theme) -> str:
    """Where the browser fetches the map, relative to the page."""
    return f"map/{landscape.key}.svg?theme={theme}"


def map_route(request: Request) -> Response:
    """Answer a request for a map; 404 for an unknown key, 400 for an unknown theme."""
    return picture(request, LANDSCAPES, lambda key, theme: small_map(LANDSCAPES[key], theme))


def picture(request: Request, known: Container[str], draw: Callable[[str, Theme], str]) -> Response:
    """Answer a request for the picture of an entry of a registry, by its key and a theme."""
    key, theme = request.path_params["key"], request.query_params.get("theme", THEMES[0])
    if key not in known:
        return PlainTextResponse("There is nothing with that key.", 404)
    if theme not in THEMES:
        return PlainTextResponse(f"A theme is one of {', '.join(THEMES)}.", 400)
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(draw(key, theme), media_type="image/svg+xml", headers=headers)

"""The surface over HTTP: everything about a landscape that does not change when a run does.

`GET surface/<landscape key>?<parameter>=<value>&v=<digest>`, or `GET surface/formula?formula=<text>&v=<digest>`,
answers in the form that `ui.stage.binary` describes.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import contourpy
import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine.survey import landscape_from_formula
from landscapes import LANDSCAPES, Landscape
from landscapes.base import Data, Interval, Picture
from ui.display import Relief, relief
from ui.palette import THEMES, ramp_hex
from ui.stage.binary import pack
from ui.surfaces import FORMULA

EMPHASISED = 5
"""Every so many contour lines one is drawn stronger."""


class Packed(NamedTuple):
    """A surface as bytes, and their digest."""

    body: bytes
    digest: str


def surface_address(landscape: Landscape, parameters: Mapping[str, float]) -> str:
    """Where the browser fetches the surface, relative to the page; another content has another address."""
    text = {FORMULA: landscape.formula} if landscape.formula else {}
    query = urlencode({**text, **parameters, "v": packed_surface(landscape, parameters).digest})
    return f"surface/{landscape.key}?{query}"


def packed_surface(landscape: Landscape, parameters: Mapping[str, float]) -> Packed:
    """Title, domain, stationary points, heights and contour lines of a landscape with these parameters."""
    return _packed(landscape, tuple(sorted(parameters.items())))


@lru_cache(maxsize=32)
def _packed(landscape: Landscape, parameters: tuple[tuple[str, float], ...]) -> Packed:
    drawn, known = relief(landscape, dict(parameters)), landscape.at(dict(parameters))
    facts = {
        "key": landscape.key,
        "title": landscape.title,
        "domain": landscape.domain,
        "axes": landscape.axes,
        "minima": known.minima,
        "local_minima": known.local_minima,
        "saddles": known.saddles,
        "fit": None,
    }
    arrays: dict[str, np.ndarray] = {}
    data = landscape.data() if landscape.data else None
    if data is not None:
        facts["fit"] = {"model": data.model, "target": data.target_name, **_directions(data)}
        arrays = {"fit_inputs": data.inputs.astype(np.float32), "fit_targets": data.targets.astype(np.float32)}
    if landscape.picture is not None:
        facts["fit"], arrays = _picture(landscape.picture(), landscape.domain)
        facts["fit"]["change"] = dict(parameters).get("task_change")
    return pack_relief(drawn, facts, arrays)


def pack_relief(drawn: Relief, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Packed:
    """Heights and contour lines as the stage reads them, with what else there is to say of the surface."""
    axis = drawn.axis
    first = int(np.floor(axis.low / drawn.contour_step)) + 1
    numbers = [n for n in range(first, first + 60) if axis.low < n * drawn.contour_step < axis.high]
    header = {
        **facts,
        "size": [drawn.heights.shape[1], drawn.heights.shape[0]],
        "height": {"title": axis.title, "ticks": [[float(axis.unit(np.array(at))), text] for at, text in axis.ticks]},
        "contours": {
            "first": float(axis.unit(np.array(first * drawn.contour_step))),
            "step": drawn.contour_step / (axis.high - axis.low),
            "strong": -first % EMPHASISED,
            "every": EMPHASISED,
        },
        "ramp": {theme: ramp_hex(theme) for theme in THEMES},
    }
    body = pack(header, {"heights": drawn.heights.astype(np.float32), **_contours(drawn, numbers), **arrays})
    return Packed(body, hashlib.sha256(body).hexdigest()[:16])


def _picture(picture: Picture, domain: tuple[Interval, Interval]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the stage is told of a picture, and its arrays: the values at each place of a grid on the map and beyond."""
    beyond = [(picture.reach - 1) / 2 * (high - low) for low, high in domain]
    region = [(low - room, high + room) for room, (low, high) in zip(beyond, domain, strict=True)]
    x, y = (np.linspace(low, high, picture.grid) for low, high in region)
    values = picture.values(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    described = {
        "model": picture.kind, "title": picture.title, "names": picture.names, "axes": picture.axes,
        "grid": picture.grid, "region": region, "span": picture.span,
        "shapes": {name: array.shape for name, array in picture.still.items()},
    }  # fmt: skip
    arrays = {"values": values, **picture.still}
    return described, {f"fit_{name}": array.astype(np.float32) for name, array in arrays.items()}


def _directions(data: Data) -> dict[str, str]:
    """What stands along the two sides of the picture of the examples."""
    match data.model:
        case "line":
            return {"horizontal": data.input_names[0], "vertical": data.target_name}
        case "plane":  # three numbers an example are no picture: how they are predicted is one
            return {"horizontal": f"measured: {data.target_name}", "vertical": "predicted"}
        case "boundary":
            return {"horizontal": data.input_names[0], "vertical": data.input_names[1]}


def _contours(drawn: Relief, numbers: list[int]) -> dict[str, np.ndarray]:
    """The contour lines at whole multiples of the contour step.

    Returns:
        points: x and y in turn, as 16-bit shares of the domain. starts: where each line begins, counted in points.
        strong: 1 for each line that is drawn stronger.
    """
    rows, columns = drawn.heights.shape
    generator = contourpy.contour_generator(
        np.linspace(0, 1, columns), np.linspace(0, 1, rows), drawn.heights, line_type=contourpy.LineType.Separate
    )
    points, starts, strong, count = [np.zeros((0, 2))], [], [], 0
    for number in numbers:
        level = float(drawn.axis.unit(np.array(number * drawn.contour_step)))
        for line in generator.lines(level):
            line = np.asarray(line, float)
            points.append(line)
            starts.append(count)
            strong.append(int(number % EMPHASISED == 0))
            count += len(line)
    return {
        "points": np.rint(np.clip(np.concatenate(points), 0, 1) * 65535).astype(np.uint16),
        "starts": np.array([*starts, count], np.uint32),
        "strong": np.array(strong, np.uint16),
    }


def surface_route(request: Request) -> Response:
    """Answer a request for a surface; 404 for an unknown key, 400 for a formula or a parameter that is not allowed."""
    key = request.path_params["key"]
    if key != FORMULA and key not in LANDSCAPES:
        return PlainTextResponse("There is no landscape with that key.", 404)
    beside = ("v", FORMULA) if key == FORMULA else ("v",)
    given = [(name, value) for name, value in request.query_params.multi_items() if name not in beside]
    try:
        text = request.query_params.get(FORMULA, "")
        landscape = landscape_from_formula(text) if key == FORMULA else LANDSCAPES[key]
        parameters = {name: float(value) for name, value in given}
        if len(parameters) < len(given):
            raise ValueError("a parameter is given twice")
        checked = {
            name: knob.check(name, parameters.pop(name, knob.default)) for name, knob in landscape.parameters.items()
        }
        if parameters:
            raise ValueError(f"{landscape.key} has no such parameter")
    except ValueError as error:
        return PlainTextResponse(f"This surface cannot be drawn: {error}.", 400)
    body, digest = packed_surface(landscape, checked)
    lasting = request.query_params.get("v") == digest
    headers = {"ETag": f'"{digest}"', "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/octet-stream", headers=headers)

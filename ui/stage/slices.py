"""A slice of many dimensions on the stage: a plane whose loss is known at the points of a grid, and paths laid onto it.

A path's points are projections. Its ball stands on the surface, at the height of the plane's loss where the projection
is; its loss curve is that of the run itself, which is elsewhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.field import Grid
from ui.display import Axis, Relief, log_ticks, raised
from ui.look import Look
from ui.stage.fan import verdict_told
from ui.stage.payload import pack_stage, signs, three_bytes
from ui.stage.rows import exits, share, within_reach
from ui.stage.shelf import SHELF
from ui.stage.surface import pack_relief

STAYED = {"name": "trained", "word": "trained", "sign": "✓"}
"""The verdict of a run that made all its steps: of many dimensions no more is claimed."""

DEEPEST = 8
"""Decades that the loss curve's axis has at most."""


@dataclass(frozen=True, eq=False)
class Slice:
    """The loss on a plane through many dimensions, at the points of a grid.

    Attributes:
        title: what it is a slice of.
        axes: what its two coordinates are called.
        a, b: (columns,) and (rows,), the coordinates of the grid, evenly spaced.
        losses: (rows, columns).
    """

    title: str
    axes: tuple[str, str]
    a: np.ndarray
    b: np.ndarray
    losses: np.ndarray

    @property
    def domain(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ends of both coordinates."""
        return (float(self.a[0]), float(self.a[-1])), (float(self.b[0]), float(self.b[-1]))

    @cached_property
    def relief(self) -> Relief:
        """The slice as it is drawn."""
        with np.errstate(invalid="ignore"):
            shown = np.log10(1 + np.maximum(np.asarray(self.losses, float), 0))
        return raised(Grid(self.a, self.b, self.losses), shown, "log₁₀(1 + loss)")

    def heights(self, points: np.ndarray) -> np.ndarray:
        """The height of the surface as it is drawn, bilinear between grid points, at points of shape (rows, 2).

        In [0, 1]; at the edge where a point is off the slice.
        """
        drawn = self.relief.heights
        columns, rows = len(self.a), len(self.b)
        (left, right), (bottom, top) = self.domain
        x = np.clip((points[:, 0] - left) / (right - left), 0, 1) * (columns - 1)
        y = np.clip((points[:, 1] - bottom) / (top - bottom), 0, 1) * (rows - 1)
        column = np.minimum(x.astype(int), columns - 2)
        row = np.minimum(y.astype(int), rows - 2)
        across, up = x - column, y - row
        lower = drawn[row, column] * (1 - across) + drawn[row, column + 1] * across
        upper = drawn[row + 1, column] * (1 - across) + drawn[row + 1, column + 1] * across
        return lower * (1 - up) + upper * up


@dataclass(frozen=True, eq=False)
class Projected:
    """A run of many dimensions, laid onto a slice.

    Attributes:
        label: what it is called.
        points: (rows, 2), the projection at each kept step, row 0 the start; all finite.
        losses: (rows,), the run's own training loss there.
        held_out: (rows,), its own loss of the examples held out.
        rows: how many rows there would be if nothing had ended it.
        summary: the run in a sentence.
        reason: why it ended as it did.
    """

    label: str
    points: np.ndarray
    losses: np.ndarray
    held_out: np.ndarray
    rows: int
    summary: str
    reason: str

    @property
    def broken(self) -> bool:
        """Whether the numbers stopped being finite."""
        return len(self.points) < self.rows


def slice_address(plane: Slice) -> str:
    """Where the browser fetches the slice as a surface, relative to the page."""
    facts = {
        "key": "slice",
        "title": plane.title,
        "domain": plane.domain,
        "axes": plane.axes,
        "minima": [],
        "local_minima": [],
        "saddles": [],
        "fit": None,
    }
    return SHELF.put(pack_relief(plane.relief, facts, {}).body)


def pack_slice(
    plane: Slice,
    paths: Sequence[Projected],
    received: int,
    look: Look,
    every: int = 1,
    total: int | None = None,
    track: str | None = None,
    first: int = 0,
) -> bytes:
    """A slice with the paths on it, as the stage reads it.

    Args:
        plane: the slice.
        paths: the runs.
        received: the number of the last thing that the stage sent.
        look: what is switched on in the stage.
        every: how many steps there are from one row to the next; to the last there may be fewer.
        total: how many steps there are from the first to the last.
        track: where the browser fetches the sharpness along the runs; "" while it is not known, None for none.
        first: the place of the first path among all that the page shows, which has its looks from there.
    """
    axis = _curve_axis(paths)
    rows = max(path.rows for path in paths)
    total = every * (rows - 1) if total is None else total
    more: dict[str, Any] = {"starts": False, "every": every, "total": total, "track": track}
    alone = len(paths) == 1  # four curves would cover each other
    runs = [
        (_described(plane, path, first + place), _rows(plane, path, axis, alone)) for place, path in enumerate(paths)
    ]
    return pack_stage(slice_address(plane), axis, runs, received, look, more, {})


def _curve_axis(paths: Sequence[Projected]) -> Axis:
    """From the lowest loss of all, of training or held out, to twice the highest start, in decades."""
    both = np.concatenate([values for path in paths for values in (path.losses, path.held_out)])
    seen = both[np.isfinite(both) & (both > 0)]
    starts = [values[0] for path in paths for values in (path.losses, path.held_out) if np.isfinite(values[0])]
    high = math.log10(2 * max(starts)) if starts and max(starts) > 0 else 1.0
    low = math.log10(0.9 * float(seen.min())) if seen.size else high - 1
    low = max(min(low, high - 1), high - DEEPEST)
    return Axis("loss", low, high, log_ticks(low, high))


def _rows(plane: Slice, path: Projected, axis: Axis, alone: bool) -> dict[str, np.ndarray]:
    limit = float(np.finfo(np.float32).max)
    points = within_reach(path.points)

    def ordinates(losses: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            shown = axis.unit(np.log10(np.maximum(losses, 0)))
        return share(np.nan_to_num(shown, nan=2, posinf=2, neginf=-1), inside=1)

    unseen = {"held_out": ordinates(path.held_out)} if alone else {}
    return unseen | {
        "x": three_bytes(points[:, 0]),
        "y": three_bytes(points[:, 1]),
        "loss": three_bytes(np.clip(path.losses, -limit, limit)),
        "height": share(plane.heights(points)),
        "ordinate": ordinates(path.losses),
    }


def _described(plane: Slice, path: Projected, place: int) -> dict[str, Any]:
    (step,), (crossing,) = exits(path.points[None], plane.domain)
    left = None if step < 0 else {"step": int(step), "point": crossing.tolist()}
    length = len(path.points) - 1
    return {
        "label": path.label,
        **signs(place),
        "query": None,
        "batches": None,
        "start": path.points[0].tolist(),
        "changes": [],
        "epoch": None,
        "steps": path.rows - 1,
        "length": length,
        "status": "diverged" if path.broken else "running",
        "verdict": verdict_told("diverged") if path.broken else STAYED,
        "reason": path.reason,
        "left": left,
        "not_finite": length + 1 if path.broken else None,
        "summary": path.summary,
    }

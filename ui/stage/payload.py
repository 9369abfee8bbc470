"""What the stage is sent for a set of runs on one landscape."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trajectory
from ui.display import Curve, curve, display, relief
from ui.numbers import number, point
from ui.palette import SERIES
from ui.stage.binary import pack
from ui.stage.surface import surface_address

FAR = 1e30
"""A point further out than this is drawn here, in the same direction: squares of it are still numbers."""


def pack_runs(runs: Sequence[Trajectory], received: int) -> bytes:
    """The runs on one landscape as the stage reads them; `received` is the number of the last start it sent.

    About 16 bytes a step: x, y and loss in float32, height and ordinate as 16-bit shares of their axes.
    """
    landscape, parameters = runs[0].landscape, runs[0].parameters
    scale = curve(landscape, parameters, [run.losses[: run.length + 1] for run in runs])
    header = {
        "surface": surface_address(landscape, parameters),
        "received": received,
        "curve": {
            "title": scale.axis.title,
            "ticks": [[float(scale.axis.unit(np.array(at))), text] for at, text in scale.axis.ticks],
        },
        "runs": [_described(run, place) for place, run in enumerate(runs)],
    }
    arrays: dict[str, np.ndarray] = {}
    for place, run in enumerate(runs):
        arrays |= {f"{name}{place}": array for name, array in _rows(run, scale).items()}
    return pack(header, arrays)


def _rows(run: Trajectory, scale: Curve) -> dict[str, np.ndarray]:
    points, losses = within_reach(run.points[: run.length + 1]), run.losses[: run.length + 1]
    axis = relief(run.landscape, run.parameters).axis
    limit = np.finfo(np.float32).max
    return {
        "x": points[:, 0].astype(np.float32),
        "y": points[:, 1].astype(np.float32),
        "loss": np.clip(losses, -limit, limit).astype(np.float32),
        "height": share(axis.unit(display(run.landscape, losses))),
        "ordinate": share(scale.ordinates(losses), inside=1),
    }


def within_reach(points: np.ndarray) -> np.ndarray:
    """Points, shape (..., 2), with what is further out than `FAR` put there, in the same direction."""
    furthest = np.maximum(np.maximum(np.abs(points[..., 0]), np.abs(points[..., 1])), FAR)
    return points * (FAR / furthest)[..., None]


def share(values: np.ndarray, inside: int = 0) -> np.ndarray:
    """Shares of an axis as 16-bit numbers; with inside = 1 only what is off the axis becomes 0 or 65535."""
    within = np.clip(np.rint(np.clip(values, 0, 1) * 65535), inside, 65535 - inside)
    return np.where(values < 0, 0, np.where(values <= 1, within, 65535)).astype(np.uint16)


def _described(run: Trajectory, place: int) -> dict[str, Any]:
    series = SERIES[place % len(SERIES)]
    left = leaves_map(run)
    return {
        "label": run.optimizer.title,
        "colours": series.colours,
        "dash": series.dash,
        "marker": series.marker,
        "start": list(run.start),
        "steps": run.steps,
        "length": run.length,
        "status": run.status,
        "left": left,
        "not_finite": run.length + 1 if run.status == "diverged" else None,
        "summary": summary(run),
    }


def leaves_map(run: Trajectory) -> dict[str, Any] | None:
    """The first step that ends outside the landscape's domain, and the point where its segment crosses the edge.

    None for a run that stays on the map. For a start that is outside already: step 0 and the start itself.
    """
    (step,), (crossing,) = exits(run.points[None, : run.length + 1], run.landscape.domain)
    if step < 0:
        return None
    return {"step": int(step), "point": crossing.tolist() if step else list(run.start)}


def exits(points: np.ndarray, domain: Sequence[Sequence[float]]) -> tuple[np.ndarray, np.ndarray]:
    """For each run of shape (runs, rows, 2) the first row outside the domain, and where its segment crosses the edge.

    Returns:
        (runs,) and (runs, 2): the row, -1 for a run that stays; the crossing, the point itself at row 0.
    """
    low, high = np.array(domain, float).T
    outside = ((points < low) | (points > high)).any(axis=-1)
    rows, runs = outside.argmax(axis=1), np.arange(len(points))
    before, after = points[runs, np.maximum(rows - 1, 0)], points[runs, rows]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = (np.stack([low, high]) - before[:, None]) / (after - before)[:, None]
        first = np.where((shares >= 0) & (shares <= 1), shares, np.inf).min(axis=(1, 2))
        crossings = np.where((rows > 0)[:, None], before + first[:, None] * (after - before), after)
    return np.where(outside.any(axis=1), rows, -1), crossings


def summary(run: Trajectory) -> str:
    """The run in one sentence, for everyone who cannot or does not watch it."""
    of_start = math.isfinite(run.losses[0])
    events = []
    if of_start:
        events.append(f"loss {number(run.losses[0])} to {number(run.losses[run.length])}")
    left = leaves_map(run)
    if left is not None:
        events.append(f"left the map at step {left['step']}" if left["step"] else "the start is outside the map")
    if run.status == "diverged":
        events.append(f"not finite at step {run.length + 1}" if of_start else "no finite loss at the start")
    elif run.status == "converged":
        events.append("at a minimum")
    else:
        events.append("still running" if run.length == run.steps else "at rest, but not at a minimum")
    steps = f"{run.length} of {run.steps} steps" if run.length < run.steps else f"{run.steps} steps"
    return f"{run.optimizer.title} on {run.landscape.title} from {point(run.start)}, {steps}: {'; '.join(events)}."

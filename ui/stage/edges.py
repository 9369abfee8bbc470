"""The sharpness along trainings against its limit, as the stage draws it in the place of the loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from networks import Edge
from ui.numbers import number
from ui.stage.binary import pack
from ui.stage.rows import share
from ui.stage.slices import Projected
from ui.stage.track import _axis as axis_for


def pack_edges(edges: Sequence[Edge], paths: Sequence[Projected], every: int) -> bytes:
    """The sharpness of each run and its limit at each row, as 16-bit shares of one axis.

    Args:
        edges: what was found at some steps of each run; between them it is drawn straight.
        paths: the runs as they are laid onto the slice.
        every: how many steps there are from one row to the next.
    """
    rows = [len(path.points) for path in paths]
    along = [_along(edge, edge.sharpness, count, every) for edge, count in zip(edges, rows, strict=True)]
    limits = [_along(edge, edge.limits, count, every) for edge, count in zip(edges, rows, strict=True)]
    axis, logarithmic = axis_for(np.concatenate([*along, *(one for one in limits if np.isfinite(one).any())]))

    def ordinates(values: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            shown = axis.unit(np.log10(np.maximum(values, 0)) if logarithmic else values)
        return share(np.nan_to_num(shown, nan=-1, posinf=2, neginf=-1), inside=1)

    header = {
        "title": "preconditioned sharpness" if any(edge.preconditioned for edge in edges) else "sharpness",
        "ticks": [[float(axis.unit(np.array(at))), text] for at, text in axis.ticks],
        "runs": [_crossed(*three) for three in zip(edges, along, limits, strict=True)],
        "note": " ".join(dict.fromkeys(_note(edge) for edge in edges)),
        "spoken": " ".join(_spoken(edge, path.label) for edge, path in zip(edges, paths, strict=True)),
    }
    arrays = {}
    for place, (values, limit) in enumerate(zip(along, limits, strict=True)):
        arrays[f"sharpness{place}"] = ordinates(values)
        if np.isfinite(limit).any():
            arrays[f"limits{place}"] = ordinates(limit)
    return pack(header, arrays)


def _along(edge: Edge, values: np.ndarray, rows: int, every: int) -> np.ndarray:
    """Values at the steps of an edge, at each row; NaN where none is known."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(rows, np.nan)
    return np.interp(every * np.arange(rows), edge.numbers[known], values[known])


def _crossed(edge: Edge, values: np.ndarray, limits: np.ndarray) -> dict[str, Any]:
    """Where a run is above its limit, and what that limit is called."""
    if not np.isfinite(limits).any():
        return {"limit": None, "above": False, "crossings": []}
    above = values > limits
    crossings = [int(row) for row in np.flatnonzero(np.diff(above)) + 1]
    return {"limit": f"limit {edge.words}", "above": bool(above[0]), "crossings": crossings}


def _note(edge: Edge) -> str:
    """What the chart rests on, in a sentence or two."""
    found = f"Found at {len(edge.numbers)} steps by Lanczos' method on all training examples, straight in between."
    if not edge.words:
        return f"{found} No limit of the sharpness is known for this optimizer, so none is drawn."
    of = "of P⁻¹H (P: what each coordinate of the step is divided by)" if edge.preconditioned else "of the Hessian"
    told = f"On a parabola the steps settle while the largest eigenvalue {of} is below {edge.words}."
    return " ".join(filter(None, [found, told, edge.approximate, f"Source: {edge.source}."]))


def _spoken(edge: Edge, label: str) -> str:
    """The chart in a sentence, for those who do not see it."""
    if not len(edge.sharpness):
        return f"{label}: no sharpness is known."
    first, last = edge.sharpness[[0, -1]]
    told = f"{label}: sharpness {number(first)} at the start and {number(last)} at step {edge.numbers[-1]}"
    limits = edge.limits[np.isfinite(edge.limits)]
    return f"{told}; its limit there is {number(limits[-1])}." if limits.size else f"{told}; no limit is known."

"""Rows of runs as the stage takes them: within reach of float32, as 16-bit shares, and cut where they leave the map."""

from collections.abc import Sequence

import numpy as np

FAR = 1e30
"""A point further out than this is drawn here, in the same direction: squares of it are still numbers."""


def within_reach(points: np.ndarray) -> np.ndarray:
    """Points, shape (..., 2), with what is further out than `FAR` put there, in the same direction."""
    furthest = np.maximum(np.maximum(np.abs(points[..., 0]), np.abs(points[..., 1])), FAR)
    return points * (FAR / furthest)[..., None]


def share(values: np.ndarray, inside: int = 0) -> np.ndarray:
    """Shares of an axis as 16-bit numbers; with inside = 1 only what is off the axis becomes 0 or 65535."""
    within = np.clip(np.rint(np.clip(values, 0, 1) * 65535), inside, 65535 - inside)
    return np.where(values < 0, 0, np.where(values <= 1, within, 65535)).astype(np.uint16)


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

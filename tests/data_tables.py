"""The tables that landscapes are fitted to, split and scaled a second time, by scikit-learn's own means."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from plotly.data import stocks
from scipy.signal import correlate2d
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.decomposition import KernelPCA
from sklearn.preprocessing import StandardScaler

ANSCOMBE = "10 7.46 8 6.77 13 12.74 9 7.11 11 7.81 14 8.84 6 6.08 4 5.39 12 8.15 7 6.42 5 5.73"
"""Anscombe's third set as his table prints it, x and y in turn."""


class Rows(NamedTuple):
    """Inputs, shape (rows, 2), and targets, (rows,), of the examples and of those that are held out."""

    inputs: np.ndarray
    targets: np.ndarray
    held_out_inputs: np.ndarray
    held_out_targets: np.ndarray


@cache
def diabetes_rows(standardised: bool) -> Rows:
    table: Any = load_diabetes(scaled=False)
    columns = [table.feature_names.index(name) for name in ("bmi", "s5")]
    inputs, targets = _parted(table.data[:, columns]), _parted(table.target[:, None])
    scales = [StandardScaler(with_std=standardised).fit(kept) for kept, _ in (inputs, targets)]
    (kept, held_out), (kept_targets, held_out_targets) = (
        [np.asarray(scale.transform(part)) for part in parts]
        for scale, parts in zip(scales, (inputs, targets), strict=True)
    )
    return Rows(kept, kept_targets[:, 0], held_out, held_out_targets[:, 0])


@cache
def iris_rows() -> Rows:
    table: Any = load_iris()
    kinds = np.array([str(table.target_names[kind]) for kind in table.target])
    sepals = [table.feature_names.index(f"sepal {side} (cm)") for side in ("length", "width")]
    kept, held_out = _parted(table.data[kinds != "setosa"][:, sepals])
    targets, held_out_targets = _parted((kinds == "virginica")[kinds != "setosa"].astype(float))
    scale = StandardScaler().fit(kept)
    return Rows(np.asarray(scale.transform(kept)), targets, np.asarray(scale.transform(held_out)), held_out_targets)


@cache
def weekly_returns() -> np.ndarray:
    """In per cent, of Apple, Netflix and Google, shape (104, 3), from plotly's own table."""
    prices = stocks()[["AAPL", "NFLX", "GOOG"]].round(6)  # as many digits as are kept here
    return 100 * prices.pct_change().dropna().to_numpy()


@cache
def edge_rows() -> Rows:
    """Each pair of neighbouring pixels of a hundred digits, and the edge there, by SciPy's correlation."""
    table: Any = load_digits()
    pictures = table.images[:100]
    edges = [correlate2d(image, np.outer([1, 2, 1], [-1, 1]) / 4, "full")[1:9, 1:8] for image in pictures]
    pairs = np.lib.stride_tricks.sliding_window_view(pictures, 2, axis=2).reshape(-1, 2)
    return Rows(pairs, np.ravel(edges), np.zeros((0, 2)), np.zeros(0))


@cache
def two_tasks_rows() -> tuple[Rows, Rows]:
    """Of the same rows and inputs as the standardised fit, progression and HDL cholesterol."""
    first = diabetes_rows(standardised=True)
    table: Any = load_diabetes(scaled=False)
    kept, held_out = _parted(table.data[:, [table.feature_names.index("s3")]])
    scale = StandardScaler().fit(kept)
    targets, unseen = (np.asarray(scale.transform(part))[:, 0] for part in (kept, held_out))
    return first, Rows(first.inputs, targets, first.held_out_inputs, unseen)


@cache
def hatter_counts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often the hatter meets each of 14 words, how often by chance, and where they are, shapes (14,) (14,) (14, 2).

    Read from the table a second time; the map by scikit-learn's PCA of the kernel.
    """
    lines = (Path(__file__).parent.parent / "landscapes" / "alice.csv").read_text().splitlines()
    counts = np.array([[int(number) for number in line.split(",")] for line in lines[2:]])
    others = counts[1:, 1:].copy()
    np.fill_diagonal(others, 0)
    chances = others.sum(axis=0) / others.sum()
    together = (others + 1) / (others + 1).sum()
    alone = together.sum(axis=0)
    kernel = np.log(together / (alone[:, None] * alone))
    np.fill_diagonal(kernel, 0)
    places = KernelPCA(2, kernel="precomputed", eigen_solver="dense").fit_transform(kernel)
    places = places * np.sign(places[0])
    places /= np.sqrt(np.mean(np.sum(places**2, axis=1)))
    met = counts[0, 1:]
    return met, met.sum() * chances, places.round(3)


def anscombe_residuals(points) -> np.ndarray:
    """How far each point of the set lies above the line through (9, y) with slope x; (..., 2) to (..., 11)."""
    x, y = np.array(ANSCOMBE.split(), float).reshape(-1, 2).T
    slope, height = np.moveaxis(np.asarray(points, float)[..., None], -2, 0)
    return y - (height + slope * (x - 9))


def _parted(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first four of each five rows, and each fifth."""
    held_out = list(range(4, len(table), 5))
    return np.delete(table, held_out, axis=0), table[held_out]

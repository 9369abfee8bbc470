"""The examples that landscapes are fitted to.

scikit-learn, which holds the real tables, takes a second to import; it is imported when the first of them is read.
"""

from functools import lru_cache
from typing import Literal

import numpy as np

from landscapes.base import Data

HELD_OUT_EVERY = 5
"""Of a real table the fifth, tenth, ... row are held out: nothing is drawn by lot, and each class keeps its share."""


def _points(inputs: list[float], targets: list[float], input_name: str, target_name: str) -> Data:
    """The examples of a line, none of them held out."""
    return Data(
        "line", np.array(inputs)[:, None], np.array(targets), (input_name,), target_name, np.zeros((0, 1)), np.zeros(0)
    )


@lru_cache
def four_points() -> Data:
    """Four points on the line 2 · input + 1."""
    return _points([1.0, 2.0, 3.0, 4.0], [3.0, 5.0, 7.0, 9.0], "input", "target")


@lru_cache
def anscombe() -> Data:
    """Anscombe's third data set: ten points within 0.01 of the line 4 + 0.346 x, and one outlier at x = 13.

    Anscombe 1973, doi:10.1080/00031305.1973.10478966. The input is x - 9, its distance from the mean of x.
    """
    x = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5])
    y = [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73]
    return _points((x - 9.0).tolist(), y, "x − 9", "y")


@lru_cache
def diabetes_raw() -> Data:
    """Disease progression from body mass index and log triglycerides (bmi and s5), each less its mean.

    Efron, Hastie, Johnstone and Tibshirani 2004, doi:10.1214/009053604000000067, in the units of their table.
    """
    inputs, targets = _diabetes()
    names = ("body mass index less its mean (kg/m²)", "log triglycerides less their mean")
    return _split("plane", inputs, targets, names, "progression after a year, less its mean", standardised=False)


@lru_cache
def diabetes_standardised() -> Data:
    """The same, each column divided by its standard deviation as well."""
    inputs, targets = _diabetes()
    names = ("body mass index (standard deviations)", "log triglycerides (standard deviations)")
    return _split("plane", inputs, targets, names, "progression (standard deviations)", standardised=True)


@lru_cache
def iris() -> Data:
    """Iris virginica (1) or versicolor (0), from the length and width of the sepals, standardised.

    Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x. The petals would part the two almost
    without error, and the minimum would lie far out; setosa, which lies apart from both, is left out.
    """
    from sklearn.datasets import load_iris

    table, species = load_iris(return_X_y=True)
    virginica = np.asarray(species[50:] == 2, float)
    names = ("sepal length (standard deviations)", "sepal width (standard deviations)")
    return _split("boundary", np.asarray(table)[50:, :2], virginica, names, "virginica", standardised=True)


def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_diabetes

    table, progression = load_diabetes(return_X_y=True, scaled=False)
    return np.asarray(table)[:, [2, 8]], np.asarray(progression, float)


def _split(
    model: Literal["plane", "boundary"],
    inputs: np.ndarray,
    targets: np.ndarray,
    names: tuple[str, str],
    target_name: str,
    *,
    standardised: bool,
) -> Data:
    """The table without its held-out rows, and those; with the means (and deviations) of the rows that are left.

    Classes stay 0 and 1. A standard deviation is the root of the mean square.
    """
    held_out = np.arange(1, len(inputs) + 1) % HELD_OUT_EVERY == 0

    def scaled(column: np.ndarray) -> np.ndarray:
        seen = column[~held_out]
        return (column - seen.mean(axis=0)) / (seen.std(axis=0) if standardised else 1)

    columns, results = scaled(inputs), targets if model == "boundary" else scaled(targets)
    return Data(model, columns[~held_out], results[~held_out], names, target_name, columns[held_out], results[held_out])

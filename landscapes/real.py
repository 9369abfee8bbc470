"""The tables behind the applications: small files beside this one, and where they are from."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).parent

STOCKS = ("Apple", "Netflix", "Google")


@lru_cache
def stocks() -> np.ndarray:
    """Weekly returns of the three stocks in per cent, shape (104, 3), from January 2018 to December 2019.

    From weekly closing prices, `px.data.stocks()` of plotly (MIT licence), in stocks.csv: each is 100 times the
    price over that of the week before, less 1.
    """
    prices = np.loadtxt(HERE / "stocks.csv", delimiter=",", skiprows=2, usecols=(1, 2, 3))
    returns = 100 * (prices[1:] / prices[:-1] - 1)
    returns.setflags(write=False)
    return returns


DIGITS = 100


class Edges(NamedTuple):
    """Pictures and what there is at each pair of neighbours in a row of them, in grey levels from 0 to 16.

    pictures: shape (DIGITS, 8, 8).
    left, right: the two, shape (DIGITS, 8, 7).
    edge: right less left, each a mean with the pixels above and below it, weighed 1 : 2 : 1; beyond the picture is 0.
    """

    pictures: np.ndarray
    left: np.ndarray
    right: np.ndarray
    edge: np.ndarray


@lru_cache
def edges() -> Edges:
    """The first hundred handwritten digits of scikit-learn's table, and their upright edges.

    Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49.
    """
    from sklearn.datasets import load_digits

    pictures = np.asarray(load_digits(return_X_y=True)[0])[:DIGITS].reshape(DIGITS, 8, 8)
    around = np.pad(pictures, ((0, 0), (1, 1), (0, 0)))
    smooth = (around[:, :-2] + 2 * pictures + around[:, 2:]) / 4
    return Edges(pictures, pictures[:, :, :-1], pictures[:, :, 1:], smooth[:, :, 1:] - smooth[:, :, :-1])

"""The tables behind the applications: small files beside this one, and where they are from."""

from functools import lru_cache
from pathlib import Path

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

"""The tables behind the applications: small files beside this one, and where they are from."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from landscapes.data import HELD_OUT_EVERY

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


class Meetings(NamedTuple):
    """How often one word stands near others in a book, and where those are on a map.

    word: the one.
    others: the words that it meets.
    places: where they are on the map, shape (others, 2).
    met: how often it meets each, shape (others,).
    expected: how often it would, if it met all words of the book alike: as many meetings in all, in the shares that
        the others have in each other's.
    """

    word: str
    others: tuple[str, ...]
    places: np.ndarray
    met: np.ndarray
    expected: np.ndarray


@lru_cache
def hatter() -> Meetings:
    """Whom the Hatter meets in Alice's Adventures in Wonderland, from the counts in alice.csv (alice_counts.py).

    The map of the others knows nothing of him: the two main axes of the logarithm of how much more often they meet
    each other than by chance, with one meeting more of each two, so that none is the logarithm of 0. It is turned so
    that the first of them has two positive coordinates, and rounded, so that it is the same on every machine.

    Source: Levy, Goldberg and Dagan 2015, doi:10.1162/tacl_a_00134.
    """
    with (HERE / "alice.csv").open() as file:
        file.readline()
        word, *others = file.readline().strip().split(",")
    counts = np.loadtxt(HERE / "alice.csv", delimiter=",", skiprows=2)
    met, among = counts[0, 1:], counts[1:, 1:] * (1 - np.eye(len(others)))
    shares = among.sum(axis=1) / among.sum()
    smooth = among + 1
    surprise = np.log(smooth * smooth.sum() / np.outer(smooth.sum(axis=1), smooth.sum(axis=1)))
    np.fill_diagonal(surprise, 0)  # how often a word is near itself says nothing of others
    centred = surprise - surprise.mean(axis=0) - surprise.mean(axis=1)[:, None] + surprise.mean()
    sizes, axes = np.linalg.eigh(centred)
    places = axes[:, :-3:-1] * np.sqrt(sizes[:-3:-1])
    places *= np.sign(places[0]) / np.sqrt(np.mean(np.sum(places**2, axis=1)))
    return Meetings(word, tuple(others), np.round(places, 3), met, met.sum() * shares)


class Tasks(NamedTuple):
    """Two things to be predicted from the same two inputs by one weight each.

    products: means of the products of the inputs, shape (2, 2), the same for both.
    shared: means of the products of each task's target and the inputs, shape (2, 2): a row a task.
    """

    products: np.ndarray
    shared: np.ndarray


@lru_cache
def tasks() -> Tasks:
    """Progression of diabetes (the first), and HDL cholesterol, from body mass index and log triglycerides.

    Each column less its mean and divided by its standard deviation, over the rows that the fits do not hold out either.
    Efron, Hastie, Johnstone and Tibshirani 2004, doi:10.1214/009053604000000067.
    """
    from sklearn.datasets import load_diabetes

    table, progression = load_diabetes(return_X_y=True, scaled=False)
    columns = np.column_stack([np.asarray(table)[:, [2, 8, 6]], np.asarray(progression, float)])
    seen = columns[np.arange(1, len(columns) + 1) % HELD_OUT_EVERY != 0]
    seen = (seen - seen.mean(axis=0)) / seen.std(axis=0)
    inputs, targets = seen[:, :2], seen[:, [3, 2]]
    return Tasks(inputs.T @ inputs / len(seen), targets.T @ inputs / len(seen))

"""Planes and lines through the parameters of a model, for any loss in JAX and any tree of parameters.

A loss is `loss(parameters, *data)` to a number. `data` is handed over apart from it, so that other examples of the same
shapes compile nothing; what was compiled is found again for the same function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

import jax
import numpy as np

from networks.trees import as_rows, as_vector, like

Loss = Callable[..., jax.Array]
Extent = float | tuple[tuple[float, float], tuple[float, float]]
Normalise = Literal["filter", "layer", "none"]
Vectors = Literal["still", "scaled"]

PROGRAMS = 32
"""How many compiled planes and lines are kept, the last used."""


class Directions(NamedTuple):
    """Two directions in the space of the parameters, each a tree like these."""

    first: Any
    second: Any


@dataclass(frozen=True, eq=False)
class Plane:
    """The places centre + a·first + b·second; all three are trees of one form."""

    centre: Any
    first: Any
    second: Any

    def at(self, a: float, b: float) -> Any:
        """The parameters at one place."""
        return jax.tree.map(lambda c, u, v: c + a * u + b * v, self.centre, self.first, self.second)


class Slice(NamedTuple):
    """The loss over a plane: a of shape (columns,), b of shape (rows,), losses of shape (rows, columns)."""

    a: np.ndarray
    b: np.ndarray
    losses: np.ndarray


class Projection(NamedTuple):
    """A path as its shadow on a plane, and what the shadow hides.

    Attributes:
        coordinates: (rows, 2), a and b of the plane's place nearest to each row.
        distances: (rows,), how far each row lies from that place, in the space of all parameters.
        share: the share of the path's variance about its mean that lies along the plane, 0 to 1; NaN for a path that
            does not move.
    """

    coordinates: np.ndarray
    distances: np.ndarray
    share: float


class Principal(NamedTuple):
    """The directions in which a path spreads most: two trees of length 1, at right angles, and the share of each."""

    first: Any
    second: Any
    shares: tuple[float, float]


class Line(NamedTuple):
    """The loss on the way from one place to another: shares of the way, shape (count,), and the losses there."""

    shares: np.ndarray
    losses: np.ndarray

    @property
    def barrier(self) -> float:
        """How far the loss rises above the straight line between those of the ends (Frankle et al. 2020)."""
        straight = self.losses[0] + self.shares * (self.losses[-1] - self.losses[0])
        return float(np.max(self.losses - straight))


def random_directions(
    parameters: Any, seed: int = 0, normalise: Normalise = "filter", vectors: Vectors = "still", output_axis: int = -1
) -> Directions:
    """Two directions with normal entries, scaled to the parameters as Li et al. 2018, arXiv:1712.09913, do.

    Args:
        parameters: a tree of arrays.
        seed: for the normal numbers.
        normalise: "filter": of every array with two axes or more, what leads into each of its outputs (a column of a
            matrix, a filter of a convolution) is scaled to the norm that the same numbers have in the parameters.
            "layer": each such array as a whole is. "none": nothing is scaled.
        vectors: what has one axis or none (biases, and the scales of norms): "still" they do not move, with 0 in both
            directions; "scaled" each is scaled as a whole to its own norm.
        output_axis: which axis of an array counts its outputs: the last in JAX, 0 in PyTorch.

    Raises:
        ValueError: for a word that is not allowed.
    """
    for name, value, allowed in (("normalise", normalise, Normalise), ("vectors", vectors, Vectors)):
        if value not in get_args(allowed):
            raise ValueError(f"{name} = {value!r} is not allowed: {', '.join(get_args(allowed))}")
    leaves, form = jax.tree.flatten(parameters)
    generator = np.random.default_rng(seed)

    def scaled(leaf: Any) -> np.ndarray:
        normals, own = generator.standard_normal(np.shape(leaf)), np.asarray(leaf, float)
        if own.ndim <= 1:
            if vectors == "still":
                return np.zeros_like(own)
            axes = None
        else:
            axes = tuple(k for k in range(own.ndim) if k != output_axis % own.ndim) if normalise == "filter" else None
        if normalise == "none":
            return normals
        sizes = np.sqrt(np.sum(normals**2, axis=axes, keepdims=True))
        return normals / sizes * np.sqrt(np.sum(own**2, axis=axes, keepdims=True))

    def direction() -> Any:
        return jax.tree.unflatten(form, [scaled(leaf).astype(np.asarray(leaf).dtype) for leaf in leaves])

    return Directions(direction(), direction())


def pca_directions(path: Any) -> Principal:
    """The two directions in which a path spreads most about its mean (principal components), of length 1.

    Each points the way from the first row to the last. Where the path spreads in fewer than two directions, what is
    missing is filled with a direction at right angles to the other, drawn with a fixed seed; its share is 0.

    Args:
        path: a tree whose leaves have a leading axis of rows; a matrix (rows, d) is one.

    Raises:
        ValueError: for fewer than two rows, or one that is not finite.
    """
    rows = as_rows(path)
    if len(rows) < 2 or not np.isfinite(rows).all():
        raise ValueError(f"a path of {len(rows)} rows is not allowed: two or more, all of them finite")
    centred = rows - rows.mean(axis=0)
    # The small matrix of products of rows has the eigenvectors that lead to those of the large one, of d x d.
    products = centred @ centred.T
    variances, mixtures = np.linalg.eigh(products)
    total, first = np.trace(products), jax.tree.map(lambda leaf: np.asarray(leaf)[0], path)
    directions, shares = [], []
    for variance, mixture in zip(variances[::-1][:2], mixtures[:, ::-1][:, :2].T, strict=True):
        present = variance > 1e-12 * max(total, np.finfo(float).tiny)
        vector = _perpendicular(mixture @ centred if present else None, directions, rows.shape[1])
        directions.append(-vector if vector @ (rows[-1] - rows[0]) < 0 else vector)
        shares.append(float(variance / total) if present else 0.0)
    return Principal(like(first, directions[0]), like(first, directions[1]), (shares[0], shares[1]))


def through(first: Any, second: Any, third: Any) -> Plane:
    """The plane through three places, with the first for its centre and directions of length 1 at right angles.

    The second place is at (r, 0) with r > 0, the third at (s, t) with t > 0 (Garipov et al. 2018, arXiv:1802.10026).

    Raises:
        ValueError: when the three lie on one line.
    """
    centre, along, aside = as_vector(first), as_vector(second), as_vector(third)
    u, v = along - centre, aside - centre
    length = np.linalg.norm(u)
    rest = v - (v @ u) / length**2 * u if length > 0 else np.zeros_like(v)
    if not np.linalg.norm(rest) > 1e-6 * max(length, np.linalg.norm(v)):
        raise ValueError("there is no plane through three places that lie on one line")
    return Plane(first, like(first, u / length), like(first, rest / np.linalg.norm(rest)))


def loss_plane(loss: Loss, plane: Plane, extent: Extent = 1.0, size: int = 51, data: tuple[Any, ...] = ()) -> Slice:
    """The loss at size x size places of a plane, ends included.

    Args:
        loss: `loss(parameters, *data)` to a number.
        plane: where.
        extent: ((a low, a high), (b low, b high)), or one number r for -r to r both ways.
        size: how many places a way.
        data: what the loss takes beside the parameters.

    Raises:
        ValueError: for an extent that is not finite or not in order, or a size that is not a whole number from 2 on.
    """
    a, b = (np.linspace(low, high, _checked_size(size)) for low, high in _checked_extent(extent))
    places = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    losses = _program(loss)((plane.centre, plane.first, plane.second), places, data)
    return Slice(a, b, np.asarray(losses, float).reshape(size, size))


def line(loss: Loss, start: Any, end: Any, count: int = 51, data: tuple[Any, ...] = ()) -> Line:
    """The loss at evenly spaced places on the straight way from one place to another, ends included.

    Raises:
        ValueError: for a count that is not a whole number from 2 on.
    """
    shares = np.linspace(0, 1, _checked_size(count))
    towards = jax.tree.map(lambda a, b: b - a, start, end)
    places = np.stack([shares, np.zeros_like(shares)], axis=1)
    losses = _program(loss)((start, towards, towards), places, data)
    return Line(shares, np.asarray(losses, float))


def project(plane: Plane, path: Any) -> Projection:
    """The shadow of a path on a plane: of each row the nearest place, be the directions at right angles or not.

    Args:
        plane: of parameters like those of the path.
        path: a tree whose leaves have a leading axis of rows.
    """
    rows = as_rows(path)
    basis = np.stack([as_vector(plane.first), as_vector(plane.second)], axis=1)
    offsets = rows - as_vector(plane.centre)
    coordinates = np.linalg.lstsq(basis, offsets.T, rcond=None)[0].T
    distances = np.linalg.norm(offsets - coordinates @ basis.T, axis=1)
    centred = rows - rows.mean(axis=0)
    seen, total = np.sum(((coordinates - coordinates.mean(axis=0)) @ basis.T) ** 2), np.sum(centred**2)
    return Projection(coordinates, distances, float(seen / total) if total > 0 else float("nan"))


def extent_around(projection: Projection, margin: float = 0.25) -> tuple[tuple[float, float], tuple[float, float]]:
    """A square that holds a path's shadow and the plane's centre, with a share of its side left free on each side."""
    places = np.concatenate([projection.coordinates, np.zeros((1, 2))])
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float(np.max(high - low)), 1e-6) * (0.5 + margin)
    (a, b) = (low + high) / 2
    return (float(a - half), float(a + half)), (float(b - half), float(b + half))


@lru_cache(maxsize=PROGRAMS)
def _program(loss: Loss) -> Callable[..., jax.Array]:
    """The losses at places (n, 2) of (centre, first, second), shape (n,), one after the other.

    A loss that knows a faster way has it as a method `on_plane`, as that of `networks.network` does.
    """
    faster = getattr(loss, "on_plane", None)
    if faster is not None:
        return jax.jit(faster)

    def losses(plane: Any, places: jax.Array, data: tuple[Any, ...]) -> jax.Array:
        def at(place: jax.Array) -> jax.Array:
            def moved(c: jax.Array, u: jax.Array, v: jax.Array) -> jax.Array:
                a, b = place.astype(c.dtype)
                return c + a * u + b * v

            return loss(jax.tree.map(moved, *plane), *data)

        return jax.lax.map(at, places)

    return jax.jit(losses)


def _perpendicular(vector: np.ndarray | None, others: list[np.ndarray], size: int) -> np.ndarray:
    """A vector of length 1 at right angles to the others: from the one given, or if there is none from a drawn one."""
    drawn = np.random.default_rng(len(others)).standard_normal(size)
    found = drawn if vector is None else vector / np.linalg.norm(vector)
    for other in others:
        found = found - (found @ other) * other
    return found / np.linalg.norm(found)


def _checked_size(size: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or size < 2:
        raise ValueError(f"{size!r} places are not allowed: a whole number from 2 on")
    return size


def _checked_extent(extent: Extent) -> tuple[tuple[float, float], tuple[float, float]]:
    pairs = ((-extent, extent),) * 2 if isinstance(extent, int | float) else extent
    (a_low, a_high), (b_low, b_high) = pairs
    if not (np.isfinite([a_low, a_high, b_low, b_high]).all() and a_low < a_high and b_low < b_high):
        raise ValueError(f"extent = {extent!r} is not allowed: finite numbers, the low one first")
    return (a_low, a_high), (b_low, b_high)

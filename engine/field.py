"""The landscape as a field: loss, gradient and Hessian at points, and the loss over a grid.

Each landscape has small programs of its own, compiled when they are first asked for; neither its parameters nor the
number of points compiles anything again.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from engine.kept import FORMULAS, LASTING
from landscapes.base import LANDSCAPES, Landscape

PIECE = 1024
"""How many points the fields are computed at, at a time."""

BATCHES = 16
"""Of how many mini-batches at a time."""


class Grid(NamedTuple):
    """The loss over a rectangle: x of shape (columns,), y of shape (rows,), losses of shape (rows, columns)."""

    x: np.ndarray
    y: np.ndarray
    losses: np.ndarray


def find_landscape(landscape: str | Landscape) -> Landscape:
    """The entry for a key; an entry is returned as it is.

    Raises:
        ValueError: when no landscape has that key.
    """
    if isinstance(landscape, Landscape):
        return landscape
    if landscape not in LANDSCAPES:
        there = ", ".join(LANDSCAPES)
        raise ValueError(
            f"there is no landscape {landscape!r}; there are {there}, and landscape_from_formula makes one of a formula"
        )
    return LANDSCAPES[landscape]


def loss_of(landscape: Landscape) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """The loss as a function of (parameter vector, point), with the parameters in the landscape's own order."""
    return _of_vector(landscape.loss, tuple(landscape.parameters))


def _of_vector(loss: Callable[..., jax.Array], names: tuple[str, ...]) -> Callable[[jax.Array, jax.Array], jax.Array]:
    return lambda vector, p: jnp.asarray(loss(p, **dict(zip(names, vector, strict=True))), p.dtype)


def loss_grid(landscape: str | Landscape, size: int = 201, **parameters: float) -> Grid:
    """The loss over the landscape's domain on size x size points, ends included.

    Raises:
        ValueError: for an unknown landscape or parameter, or a parameter that its knob does not allow.
    """
    entry = find_landscape(landscape)
    x, y = (np.linspace(low, high, size) for low, high in entry.domain)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return Grid(x, y, losses_at(entry, points, **parameters).reshape(size, size))


def losses_at(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The loss at each of the points, shape (n, 2) to (n,). Raises as `loss_grid` does."""
    return _at_points(_itself, landscape, points, parameters)


def held_out_losses_at(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The mean loss over the examples that were held out, at each of the points, shape (n, 2) to (n,).

    Without any penalty. Raises as `loss_grid` does, and for a landscape that holds none out.
    """
    return _at_points(_itself, _held_out(find_landscape(landscape)), points, parameters)


def batch_losses_at(
    landscape: str | Landscape, points: ArrayLike, batches: ArrayLike, **parameters: float
) -> np.ndarray:
    """The loss of each mini-batch at each of the points, shapes (n, 2) and (batches, examples) to (batches, n).

    A batch says of each example whether it looks at it. Raises as `loss_grid` does, and for a landscape without data.
    """
    entry = find_landscape(landscape)
    if entry.batch_loss is None:
        raise ValueError(f"{entry.key} has no data")
    chosen = np.asarray(batches, float).reshape(-1, entry.examples)
    given, vector = np.asarray(points, float).reshape(-1, 2), _vector(entry, parameters)
    weights = np.full((math.ceil(len(chosen) / BATCHES) * BATCHES, entry.examples), 1 / entry.examples)
    weights[: len(chosen)] = chosen / chosen.sum(axis=1, keepdims=True)
    compiled = _program_of_batches(entry)
    losses = [
        np.concatenate([compiled(vector, some, piece) for piece in _pieces(given)])
        for some in weights.reshape(-1, BATCHES, entry.examples)
    ]
    return np.concatenate(losses, axis=1)[: len(given), : len(chosen)].T


def gradient_field(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The gradient at each of the points, shape (n, 2) to (n, 2). Raises as `loss_grid` does."""
    return _at_points(jax.grad, landscape, points, parameters)


def hessian_matrices(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The Hessian at each of the points, shape (n, 2) to (n, 2, 2). Raises as `loss_grid` does."""
    return _at_points(jax.hessian, landscape, points, parameters)


def hessian_eigenvalues(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The two eigenvalues of the Hessian at each point, ascending, shape (n, 2) to (n, 2). Raises as `loss_grid` does.

    In closed form for a symmetric 2 x 2 matrix: the mean of the diagonal, minus and plus
    hypot(half the difference of the diagonal, the off-diagonal entry).
    """
    (a, b), (_, d) = np.moveaxis(hessian_matrices(landscape, points, **parameters), 0, -1)
    middle, radius = (a + d) / 2, np.hypot((a - d) / 2, b)
    return np.stack([middle - radius, middle + radius], axis=-1)


@lru_cache(maxsize=64)
def _held_out(entry: Landscape) -> Landscape:
    """The entry with the loss of the examples that were held out for its loss."""
    if entry.held_out_loss is None:
        raise ValueError(f"{entry.key} has no examples that are held out")
    return replace(entry, loss=entry.held_out_loss)


def _itself(loss: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
    return loss


def _at_points(
    derivative: Callable[..., Any], landscape: str | Landscape, points: ArrayLike, parameters: Mapping[str, float]
) -> np.ndarray:
    """A derivative of the loss at any number of points, in pieces of one size, so that no number compiles anything.

    Raises:
        ValueError: for an unknown landscape, a name that it has no parameter for, or a value that its knob refuses.
    """
    entry = find_landscape(landscape)
    vector, given = _vector(entry, parameters), np.asarray(points, float).reshape(-1, 2)
    find = _program_of_formula if entry.formula else _program
    compiled = find(entry.loss, tuple(entry.parameters), derivative)
    pieces = [compiled(vector, piece) for piece in _pieces(given)]
    return np.concatenate([np.asarray(piece) for piece in pieces])[: len(given)]


def _vector(entry: Landscape, parameters: Mapping[str, float]) -> np.ndarray:
    """The parameters in the landscape's own order, checked."""
    if unknown := set(parameters) - set(entry.parameters):
        allowed = ", ".join(entry.parameters) or "none"
        raise ValueError(f"{entry.key} has no parameter {min(unknown)!r}; it has: {allowed}")
    return np.array([knob.check(name, parameters.get(name, knob.default)) for name, knob in entry.parameters.items()])


def _pieces(points: np.ndarray) -> np.ndarray:
    """The points in pieces of PIECE, the last filled up, shape (pieces, PIECE, 2)."""
    full = np.zeros((max(1, math.ceil(len(points) / PIECE)), PIECE, 2))
    full.reshape(-1, 2)[: len(points)] = points
    return full


def _compiled(
    loss: Callable[..., jax.Array], names: tuple[str, ...], derivative: Callable[..., Any]
) -> Callable[..., jax.Array]:
    """The jitted (parameter vector, points) -> derivative of the loss at each of PIECE points."""
    of_vector = _of_vector(loss, names)
    return jax.jit(jax.vmap(lambda vector, p: derivative(partial(of_vector, vector))(p), in_axes=(None, 0)))


_program, _program_of_formula = lru_cache(maxsize=LASTING)(_compiled), lru_cache(maxsize=3 * FORMULAS)(_compiled)


@lru_cache(maxsize=16)
def _program_of_batches(entry: Landscape) -> Callable[..., jax.Array]:
    """The jitted (parameter vector, weights of BATCHES batches, PIECE points) -> losses, (PIECE, BATCHES)."""
    names, loss = tuple(entry.parameters), entry.batch_loss
    assert loss is not None

    def at(vector: jax.Array, weights: jax.Array, p: jax.Array) -> jax.Array:
        return jax.vmap(lambda each: loss(p, each, **dict(zip(names, vector, strict=True))))(weights)

    return jax.jit(jax.vmap(at, in_axes=(None, None, 0)))

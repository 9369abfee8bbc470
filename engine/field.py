"""The landscape as a field: loss, gradient and Hessian at points, and the loss over a grid.

What a run is made of is traced once for the whole registry (`lax.switch` picks the surface), so that neither another
surface nor another parameter compiles anything. A landscape outside the registry gets programs of its own.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.xla_metadata import set_xla_metadata
from numpy.typing import ArrayLike

from landscapes.base import LANDSCAPES, Landscape

PIECE = 1024
"""How many points the fields are computed at, at a time."""


@dataclass(frozen=True, eq=False)
class Family:
    """The landscapes that share compiled programs: the whole registry, or one that is not in it."""

    landscapes: tuple[Landscape, ...]

    @cached_property
    def parameter_count(self) -> int:
        """How many parameters the programs make room for: as many as the landscape that has the most."""
        return max(len(entry.parameters) for entry in self.landscapes)

    def padded(self, parameters: Mapping[str, float]) -> list[float]:
        """A landscape's parameters as the programs take them: zeros after its own."""
        return [*parameters.values(), *[0.0] * (self.parameter_count - len(parameters))]


class Grid(NamedTuple):
    """The loss over a rectangle: x of shape (columns,), y of shape (rows,), losses of shape (rows, columns)."""

    x: np.ndarray
    y: np.ndarray
    losses: np.ndarray


@lru_cache(maxsize=256)
def family_of(landscape: Landscape) -> tuple[Family, int]:
    """The family of a landscape, and its place in it."""
    registered = _registered()
    if landscape in registered.landscapes:
        return registered, registered.landscapes.index(landscape)
    return Family((landscape,)), 0


@lru_cache(maxsize=1)
def _registered() -> Family:
    return Family(tuple(LANDSCAPES.values()))


def find_landscape(landscape: str | Landscape) -> Landscape:
    """The entry for a key; an entry is returned as it is.

    Raises:
        ValueError: when no landscape has that key.
    """
    if isinstance(landscape, Landscape):
        return landscape
    if landscape not in LANDSCAPES:
        raise ValueError(f"there is no landscape {landscape!r}; there are {', '.join(LANDSCAPES)}")
    return LANDSCAPES[landscape]


def losses_of(family: Family) -> list[Callable[[jax.Array, jax.Array], jax.Array]]:
    """One function (parameter vector, point) -> loss for each landscape of the family."""
    return [_loss_of_vector(entry) for entry in family.landscapes]


def _loss_of_vector(entry: Landscape) -> Callable[[jax.Array, jax.Array], jax.Array]:
    names = tuple(entry.parameters)
    return lambda vector, p: jnp.asarray(entry.loss(p, **dict(zip(names, vector, strict=False))), p.dtype)


@lru_cache(maxsize=64)
def value_and_gradient(family: Family) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """A traced function (index, parameter vector, point) -> (loss, gradient)."""
    return _of_one_surface([jax.value_and_grad(loss, argnums=1) for loss in losses_of(family)])


@lru_cache(maxsize=64)
def hessian(family: Family) -> Callable[..., jax.Array]:
    """A traced function (index, parameter vector, point) -> Hessian, shape (2, 2)."""
    return called_not_copied(_of_one_surface([jax.hessian(loss, argnums=1) for loss in losses_of(family)]))


def _of_one_surface(functions: list[Callable[..., Any]]) -> Callable[..., Any]:
    """(index, parameter vector, point) -> what that function makes of them; one index for all the points of a batch.

    Inside a loop of a batch JAX takes everything for different from run to run, the index too, and a switch by many
    indices evaluates every surface at every point. All runs are on one surface, so the first index will do.

    A point is a batch of one: tracing all surfaces takes a good part of a second, and so they are traced once for each
    size of a batch and not once more for a point alone.
    """
    branches = [jax.vmap(function) for function in functions]

    @jax.jit
    def of_batch(index: jax.Array, vectors: jax.Array, points: jax.Array) -> Any:
        return jax.lax.switch(index, branches, vectors, points)

    @jax.custom_batching.custom_vmap
    def chosen(index: jax.Array, vector: jax.Array, p: jax.Array) -> Any:
        return jax.tree.map(lambda result: result[0], of_batch(index, vector[None], p[None]))

    @chosen.def_vmap
    def _(size: int, batched: list[bool], index: jax.Array, vector: jax.Array, p: jax.Array) -> Any:
        one = index[0] if batched[0] else index
        vectors, points = (
            value if flag else jnp.broadcast_to(value, (size, *value.shape))
            for value, flag in zip((vector, p), batched[1:], strict=True)
        )
        results = of_batch(one, vectors, points)
        return results, jax.tree.map(lambda _: True, results)

    return chosen


def differentiable(
    evaluate: Callable[[jax.Array], tuple[jax.Array, jax.Array]], curvature: Callable[[jax.Array], jax.Array]
) -> Callable[[jax.Array], jax.Array]:
    """The loss as a function of a point whose derivatives are the gradient and the Hessian that are there already."""

    @jax.custom_jvp
    def pair(p: jax.Array) -> tuple[jax.Array, jax.Array]:
        return evaluate(p)

    @pair.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        value, gradient = pair(*primals)
        return (value, gradient), (gradient @ tangents[0], curvature(*primals) @ tangents[0])

    return lambda p: pair(p)[0]


def called_not_copied(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one of the XLA program's own, where XLA would copy its body to each place that calls it.

    A line search evaluates the loss in many places, and with every surface in every one of them it takes twice as long
    to compile. A single call in a loop over steps is better copied: it runs a fifth faster.
    """

    def called(*arguments: jax.Array) -> Any:
        with set_xla_metadata(inlineable="false"):
            return function(*arguments)

    return called


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
    if unknown := set(parameters) - set(entry.parameters):
        allowed = ", ".join(entry.parameters) or "none"
        raise ValueError(f"{entry.key} has no parameter {min(unknown)!r}; it has: {allowed}")
    vector = np.array([knob.check(name, parameters.get(name, knob.default)) for name, knob in entry.parameters.items()])
    given = np.asarray(points, float).reshape(-1, 2)
    full = np.zeros((max(1, math.ceil(len(given) / PIECE)), PIECE, 2))
    full.reshape(-1, 2)[: len(given)] = given
    pieces = [_program(entry, derivative)(vector, piece) for piece in full]
    return np.concatenate([np.asarray(piece) for piece in pieces])[: len(given)]


@lru_cache(maxsize=512)
def _program(entry: Landscape, derivative: Callable[..., Any]) -> Callable[..., jax.Array]:
    """The jitted (parameter vector, points) -> derivative of the loss at each of PIECE points.

    Each landscape has its own, unlike the runs: it is small, and tracing it does not wait for all the others.
    """
    loss = _loss_of_vector(entry)
    return jax.jit(jax.vmap(lambda vector, p: derivative(partial(loss, vector))(p), in_axes=(None, 0)))

"""The landscape as a field: loss, gradient and Hessian at points, and the loss over a grid.

Every function here is compiled once for the whole registry (`lax.switch` picks the surface), so that neither another
surface nor another parameter compiles anything. A landscape outside the registry gets programs of its own.
"""

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


@dataclass(frozen=True, eq=False)
class Family:
    """The landscapes that share compiled programs: the whole registry, or one that is not in it."""

    landscapes: tuple[Landscape, ...]

    @cached_property
    def parameter_count(self) -> int:
        """How many parameters the programs make room for: as many as the landscape that has the most."""
        return max(len(entry.parameters) for entry in self.landscapes)


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


def parameter_vector(family: Family, landscape: Landscape, parameters: Mapping[str, float]) -> np.ndarray:
    """The landscape's parameters as the fixed-size vector that the family's programs take, shape (width,).

    Raises:
        ValueError: for a name that the landscape does not have, or a value that its knob does not allow.
    """
    if unknown := set(parameters) - set(landscape.parameters):
        allowed = ", ".join(landscape.parameters) or "none"
        raise ValueError(f"{landscape.key} has no parameter {min(unknown)!r}; it has: {allowed}")
    vector = np.zeros(family.parameter_count)
    for place, (name, knob) in enumerate(landscape.parameters.items()):
        vector[place] = knob.check(name, parameters.get(name, knob.default))
    return vector


def losses_of(family: Family) -> list[Callable[[jax.Array, jax.Array], jax.Array]]:
    """One function (parameter vector, point) -> loss for each landscape of the family."""

    def positional(entry: Landscape) -> Callable[[jax.Array, jax.Array], jax.Array]:
        names = tuple(entry.parameters)
        return lambda vector, p: jnp.asarray(entry.loss(p, **dict(zip(names, vector, strict=False))), p.dtype)

    return [positional(entry) for entry in family.landscapes]


@lru_cache(maxsize=64)
def value_and_gradient(family: Family) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """A traced function (index, parameter vector, point) -> (loss, gradient), traced once for all its callers."""
    return jax.jit(_of_one_surface([jax.value_and_grad(loss, argnums=1) for loss in losses_of(family)]))


@lru_cache(maxsize=64)
def hessian(family: Family) -> Callable[..., jax.Array]:
    """A traced function (index, parameter vector, point) -> Hessian, shape (2, 2)."""
    branches = [jax.hessian(loss, argnums=1) for loss in losses_of(family)]
    return called_not_copied(jax.jit(_of_one_surface(branches)))


def _of_one_surface(branches: list[Callable[..., Any]]) -> Callable[..., Any]:
    """(index, parameter vector, point) -> what that branch makes of them; one index for all the points of a batch.

    Inside a loop of a batch JAX takes everything for different from run to run, the index too, and a switch by many
    indices evaluates every surface at every point. All runs are on one surface, so the first index will do.
    """

    @jax.custom_batching.custom_vmap
    def chosen(index: jax.Array, vector: jax.Array, p: jax.Array) -> Any:
        return jax.lax.switch(index, branches, vector, p)

    @chosen.def_vmap
    def _(size: int, batched: list[bool], index: jax.Array, vector: jax.Array, p: jax.Array) -> Any:
        one = index[0] if batched[0] else index
        axes = tuple(0 if flag else None for flag in batched[1:])
        results = jax.vmap(partial(jax.lax.switch, one, branches), axes, axis_size=size)(vector, p)
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


@lru_cache(maxsize=64)
def _values_at(family: Family) -> Callable[..., jax.Array]:
    branches = [jax.vmap(loss, in_axes=(None, 0)) for loss in losses_of(family)]
    return jax.jit(lambda index, vector, points: jax.lax.switch(index, branches, vector, points))


@lru_cache(maxsize=64)
def _gradients_at(family: Family) -> Callable[..., tuple[jax.Array, jax.Array]]:
    return jax.jit(jax.vmap(value_and_gradient(family), in_axes=(None, None, 0)))


@lru_cache(maxsize=64)
def _hessians_at(family: Family) -> Callable[..., jax.Array]:
    return jax.jit(jax.vmap(hessian(family), in_axes=(None, None, 0)))


def loss_grid(landscape: str | Landscape, size: int = 201, **parameters: float) -> Grid:
    """The loss over the landscape's domain on size x size points, ends included.

    Raises:
        ValueError: for an unknown landscape or parameter, or a parameter that its knob does not allow.
    """
    entry = find_landscape(landscape)
    x, y = (np.linspace(low, high, size) for low, high in entry.domain)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    family, index = family_of(entry)
    losses = _values_at(family)(index, parameter_vector(family, entry, parameters), points)
    return Grid(x, y, np.asarray(losses).reshape(size, size))


def losses_at(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The loss at each of the points, shape (n, 2) to (n,). Raises as `loss_grid` does."""
    return _at_points(_values_at, landscape, points, parameters)


def gradient_field(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The gradient at each of the points, shape (n, 2) to (n, 2). Raises as `loss_grid` does."""
    _, gradients = _at_points(_gradients_at, landscape, points, parameters)
    return gradients


def hessian_matrices(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The Hessian at each of the points, shape (n, 2) to (n, 2, 2). Raises as `loss_grid` does."""
    return _at_points(_hessians_at, landscape, points, parameters)


def hessian_eigenvalues(landscape: str | Landscape, points: ArrayLike, **parameters: float) -> np.ndarray:
    """The two eigenvalues of the Hessian at each point, ascending, shape (n, 2) to (n, 2). Raises as `loss_grid` does.

    In closed form for a symmetric 2 x 2 matrix: the mean of the diagonal, minus and plus
    hypot(half the difference of the diagonal, the off-diagonal entry).
    """
    (a, b), (_, d) = np.moveaxis(hessian_matrices(landscape, points, **parameters), 0, -1)
    middle, radius = (a + d) / 2, np.hypot((a - d) / 2, b)
    return np.stack([middle - radius, middle + radius], axis=-1)


def _at_points(
    compiled: Callable[[Family], Any], landscape: str | Landscape, points: ArrayLike, parameters: Mapping[str, float]
) -> Any:
    """Call a family's program on any number of points, padded to a power of two so that few numbers compile it."""
    entry = find_landscape(landscape)
    family, index = family_of(entry)
    given = np.asarray(points, float)
    padded = np.zeros((1 << max(0, len(given) - 1).bit_length(), 2))
    padded[: len(given)] = given
    results = compiled(family)(index, parameter_vector(family, entry, parameters), padded)
    return jax.tree.map(lambda result: np.asarray(result)[: len(given)], results)

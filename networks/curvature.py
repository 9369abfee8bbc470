"""Sharpness, the largest eigenvalue of a loss's Hessian, for any loss in JAX and any tree of parameters."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from networks.plane import PROGRAMS, Loss

FIRST_ITERATIONS = 40
"""How many Hessian-vector products are made where nothing is known of the eigenvector."""


class Sharpness(NamedTuple):
    """What Lanczos found.

    Attributes:
        value: the largest eigenvalue; NaN where the loss or its derivatives are not finite.
        vector: its eigenvector, of length 1, a tree like the parameters.
        error: the norm of Hv - value·v: an eigenvalue of H is at most that far from `value`.
    """

    value: float
    vector: Any
    error: float


def sharpness(
    loss: Loss,
    parameters: Any,
    data: tuple[Any, ...] = (),
    iterations: int = FIRST_ITERATIONS,
    seed: int = 0,
    scale: Any = None,
    start: Any = None,
    l2: float = 0.0,
) -> Sharpness:
    """The largest eigenvalue of the Hessian of a loss, by Lanczos' method on Hessian-vector products.

    Args:
        loss: `loss(parameters, *data)` to a number.
        parameters: where.
        data: what the loss takes beside the parameters.
        iterations: how many Hessian-vector products, at most as many as there are parameters.
        seed: for the vector that it begins with.
        scale: None, or a tree s like the parameters for the matrix diag(s) H diag(s): with 1/√P it is that of an
            optimizer which divides its steps by P.
        start: the vector to begin with in place of a drawn one, such as the eigenvector of a place nearby.
        l2: the factor of a penalty l2/2 |p|² that belongs to H.
    """
    leaves = jax.tree.leaves(parameters)
    count = min(int(iterations), sum(int(np.size(leaf)) for leaf in leaves))
    ones = jax.tree.map(jnp.ones_like, parameters)
    begin = _drawn(parameters, seed) if start is None else start
    value, vector, error = _program(loss, count)(parameters, begin, ones if scale is None else scale, l2, data)
    return Sharpness(float(value), vector, float(error))


def _drawn(parameters: Any, seed: int) -> Any:
    generator = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: generator.standard_normal(np.shape(leaf)).astype(leaf.dtype), parameters)


@lru_cache(maxsize=PROGRAMS)
def _program(loss: Loss, count: int) -> Callable[..., Any]:
    """`count` steps of Lanczos' method, each made orthogonal to all before it, twice."""

    def largest(parameters: Any, begin: Any, scale: Any, l2: jax.Array, data: tuple[Any, ...]) -> Any:
        place, unravel = ravel_pytree(parameters)
        factor, kind = ravel_pytree(scale)[0], place.dtype

        def slope(vector: jax.Array) -> jax.Array:
            return jax.grad(lambda p: loss(unravel(p), *data))(vector)

        def product(vector: jax.Array) -> jax.Array:
            moved = factor * vector
            return factor * (jax.jvp(slope, (place,), (moved,))[1] + jnp.asarray(l2, kind) * moved)

        def orthogonal(vector: jax.Array, basis: jax.Array) -> jax.Array:
            for _ in range(2):
                vector = vector - basis.T @ (basis @ vector)
            return vector

        def advance(number: jax.Array, carry: Any) -> Any:
            vector, basis, diagonal, beside = carry
            basis = basis.at[number].set(vector)
            image = product(vector)
            rest, other = orthogonal(image, basis), orthogonal(others[number], basis)
            size = jnp.linalg.norm(rest)
            # Where nothing is left the products stay among the vectors so far: it goes on beside them, with another.
            closed = size <= closing * jnp.linalg.norm(image)
            following = jnp.where(closed, other / jnp.linalg.norm(other), rest / jnp.where(closed, 1, size))
            beside = beside.at[number].set(jnp.where(closed, 0, size))
            return following, basis, diagonal.at[number].set(vector @ image), beside

        first = ravel_pytree(begin)[0]
        closing = 10 * jnp.finfo(kind).eps
        others = jax.random.normal(jax.random.key(0), (count, len(place)), kind)
        zeros = jnp.zeros(count, kind)
        carry = first / jnp.linalg.norm(first), jnp.zeros((count, len(place)), kind), zeros, zeros
        _, basis, diagonal, beside = jax.lax.fori_loop(0, count, advance, carry)
        values, vectors = jnp.linalg.eigh(jnp.diag(diagonal) + jnp.diag(beside[:-1], 1) + jnp.diag(beside[:-1], -1))
        vector = basis.T @ vectors[:, -1]
        return values[-1], unravel(vector), jnp.linalg.norm(product(vector) - values[-1] * vector)

    return jax.jit(largest)

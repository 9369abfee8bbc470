"""The types in which a run may keep its numbers, and the scaling of the loss that saves small gradients in them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

TYPES: Mapping[str, Any] = MappingProxyType(
    {"float64": jnp.float64, "float32": jnp.float32, "bfloat16": jnp.bfloat16, "float16": jnp.float16}
)
"""Every precision by its name, the widest first."""

SMALLEST_SCALE = 2.0**-24
"""No scale is halved below this, the smallest number of float16, where it would be 0."""


class Scaling(NamedTuple):
    """What dynamic loss scaling remembers: how often it has doubled less halved, and the steps since the last time."""

    power: jax.Array
    since: jax.Array

    @classmethod
    def begun(cls) -> "Scaling":
        """Before the first step."""
        return cls(jnp.int32(0), jnp.int32(0))

    def scale(self, first: jax.Array) -> jax.Array:
        """The scale of the next step, from the first one; float32."""
        return jnp.ldexp(jnp.asarray(first, jnp.float32), self.power)

    def after(self, scale: jax.Array, growth: jax.Array, overflowed: jax.Array) -> "Scaling":
        """What follows a step made with `scale`, where `growth` is the steps until it doubles, 0 for a fixed one.

        The rule is that of PyTorch's `GradScaler` with the factors 2 and 1/2.
        """
        grows = ~overflowed & (growth > 0) & (self.since + 1 >= growth)
        halves = overflowed & (scale / 2 >= SMALLEST_SCALE)
        since = jnp.where(overflowed | grows, 0, self.since + 1)
        return Scaling(self.power + jnp.where(grows, 1, 0) - jnp.where(halves, 1, 0), since)


def rounded(tree: Any, precision: str) -> Any:
    """The floating-point numbers of a tree as a run of that precision keeps them."""
    return tree if precision == "float64" else _floats_as(tree, TYPES[precision])


def widened(tree: Any) -> Any:
    """The floating-point numbers of a tree in float32, in which a rule below float64 computes."""
    return _floats_as(tree, jnp.float32)


def _floats_as(tree: Any, kind: Any) -> Any:
    def cast(leaf: Any) -> Any:
        return leaf.astype(kind) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast, tree)

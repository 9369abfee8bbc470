"""Saddles: stationary points that are no minimum."""

import jax

from landscapes.base import landscape


@landscape(
    title="Saddle",
    chapter="Saddles",
    domain=((-2, 2), (-2, 2)),
    start=(1.5, 1e-3),
    saddles=((0, 0),),
    pins=(((0, 0), 0), ((1, 0), 1), ((0, 1), -1)),
    tex=r"x^2 - y^2",
    source="The hyperbolic paraboloid; Dauphin et al. 2014, arXiv:1406.2572",
    teaches="The gradient vanishes at a point that is no minimum, and a ball that comes along the ridge lingers there.",
)
def saddle(p: jax.Array) -> jax.Array:
    x, y = p
    return x**2 - y**2

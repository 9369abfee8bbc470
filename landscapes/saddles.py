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
    height="asinh",
)
def saddle(p: jax.Array) -> jax.Array:
    x, y = p
    return x**2 - y**2


@landscape(
    title="Monkey saddle",
    chapter="Saddles",
    domain=((-1.5, 1.5), (-1.5, 1.5)),
    start=(1.2, 0.02),
    saddles=((0, 0),),
    pins=(((0, 0), 0), ((1, 0), 1), ((-1, 0), -1), ((1, 1), -2), ((1, 2), -11)),
    tex=r"x^3 - 3xy^2",
    source="Hilbert and Cohn-Vossen 1952, Geometry and the Imagination, ISBN 978-0-8218-1998-2",
    teaches="Three ways down, one for the tail: slope and curvature are both 0 at the saddle, so the ball stays long.",
    height="asinh",
)
def monkey_saddle(p: jax.Array) -> jax.Array:
    x, y = p
    return x**3 - 3 * x * y**2


@landscape(
    title="Escape from a saddle",
    chapter="Saddles",
    domain=((-2, 2), (-2, 2)),
    start=(1.5, 1e-3),
    minima=((0, -1), (0, 1)),
    minimum=-0.25,
    saddles=((0, 0),),
    pins=(((0, 0), 0), ((0, 1), -0.25), ((1, 0), 0.5), ((1, 1), 0.25), ((0, 2), 2)),
    tex=r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
    source="Nesterov 2004, Introductory Lectures on Convex Optimization, section 1.2.3, ISBN 978-1-4020-7553-7; "
    "Lee et al. 2016, arXiv:1602.04915",
    teaches="The nearer to the ridge the ball starts, the longer it stays at the saddle: the time grows as log(1/y).",
)
def saddle_escape(p: jax.Array) -> jax.Array:
    x, y = p
    return x**2 / 2 - y**2 / 2 + y**4 / 4


@landscape(
    title="Degenerate saddle",
    chapter="Saddles",
    domain=((-1.5, 1.5), (-1.5, 1.5)),
    start=(1.2, 1),
    saddles=((0, 0),),
    pins=(((0, 0), 0), ((0, 1), 1), ((0, -1), -1), ((2, 1), 5), ((1, -2), -7)),
    tex=r"x^2 + y^3",
    source="The saddle that is not strict; compare Lee et al. 2016, arXiv:1602.04915, who exclude it",
    teaches="Gradient descent from above creeps to this saddle and never gets past it: no curvature pushes it away.",
    height="asinh",
)
def degenerate_saddle(p: jax.Array) -> jax.Array:
    x, y = p
    return x**2 + y**3

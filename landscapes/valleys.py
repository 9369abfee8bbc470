"""Valleys: curved or flat floors between steep walls."""

import jax

from landscapes.base import landscape


@landscape(
    title="Rosenbrock",
    chapter="Valleys",
    domain=((-2, 2), (-1, 3)),
    start=(-1.2, 1),
    minima=((1, 1),),
    minimum=0,
    pins=(((-1.2, 1), 24.2), ((0, 0), 1), ((1, 1), 0)),
    tex=r"(1-x)^2 + 100\,(y-x^2)^2",
    source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
    teaches="Why a curved valley stalls gradient descent: the way along the floor is a hundred times flatter.",
    height="log",
)
def rosenbrock(p: jax.Array) -> jax.Array:
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2

"""Bowls: convex surfaces, where the only questions are how fast and along which way."""

import jax

from knobs import Knob
from landscapes.base import landscape


@landscape(
    title="Bowl",
    chapter="Bowls",
    domain=((-6, 6), (-6, 6)),
    start=(5, 3),
    minima=((0, 0),),
    minimum=0,
    pins=(((0, 0), 0), ((3, 4), 25), ((5, 0), 25)),
    tex=r"x^2 + y^2",
    source="The sphere function; De Jong 1975, An Analysis of the Behavior of a Class of Genetic Adaptive Systems, F1",
    teaches="The same curvature in every direction: each step of gradient descent shrinks the distance by one factor.",
)
def bowl(p: jax.Array) -> jax.Array:
    x, y = p
    return x**2 + y**2


@landscape(
    title="Ravine",
    chapter="Bowls",
    domain=((-1.6, 1.6), (-1.6, 1.6)),
    start=(1, 1),
    minima=((0, 0),),
    minimum=0,
    pins=(((1, 1), 50.5), ((1, 0), 0.5), ((0, 1), 50)),
    tex=r"\tfrac12\left(x^2 + \kappa\,y^2\right)",
    source="Goh 2017, Why Momentum Really Works, Distill, doi:10.23915/distill.00006",
    teaches="The steep direction limits the learning rate, and the flat one then has to wait: the condition number.",
    height="log",
    condition_number=Knob(1, 1000, 100, "log", help="Curvature across the ravine over curvature along it."),
)
def ravine(p: jax.Array, condition_number: jax.Array) -> jax.Array:
    x, y = p
    return (x**2 + condition_number * y**2) / 2

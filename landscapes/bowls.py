"""Bowls: convex surfaces, where the only questions are how fast and along which way."""

import math

import jax
import jax.numpy as jnp

from knobs import Knob
from landscapes.base import SURVEY, landscape

CONDITION_NUMBER = Knob(1, 1000, 100, "log", help="Curvature across the ravine over curvature along it.")


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
    condition_number=CONDITION_NUMBER,
)
def ravine(p: jax.Array, condition_number: jax.Array) -> jax.Array:
    x, y = p
    return (x**2 + condition_number * y**2) / 2


@landscape(
    title="Ravine, turned by 45°",
    chapter="Bowls",
    domain=((-1.6, 1.6), (-1.6, 1.6)),
    start=(0, math.sqrt(2)),
    minima=((0, 0),),
    minimum=0,
    pins=(((1, 1), 1), ((1, -1), 100), ((-1, 1), 100), ((1, 0), 25.25)),
    tex=r"\tfrac12\left(u^2 + \kappa\,v^2\right),\quad u = \frac{x+y}{\sqrt2},\; v = \frac{y-x}{\sqrt2}",
    source="The ravine in turned coordinates; its start (1, 1) turns with it",
    teaches="Gradient descent does not notice that the ravine was turned; a method that scales each coordinate does.",
    height="log",
    condition_number=CONDITION_NUMBER,
)
def ravine_rotated(p: jax.Array, condition_number: jax.Array) -> jax.Array:
    x, y = p
    return ((x + y) ** 2 + condition_number * (y - x) ** 2) / 4


@landscape(
    title="Booth",
    chapter="Bowls",
    domain=((-10, 10), (-10, 10)),
    start=(-8, 4),
    minima=((1, 3),),
    minimum=0,
    pins=(((1, 3), 0), ((0, 0), 74), ((1, 1), 20), ((-1, 2), 41)),
    tex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    source=SURVEY,
    teaches="Two equations in two unknowns as a sum of squares: solving a linear system is descending a tilted bowl.",
)
def booth(p: jax.Array) -> jax.Array:
    x, y = p
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


@landscape(
    title="Matyas",
    chapter="Bowls",
    domain=((-10, 10), (-10, 10)),
    start=(-6, 9),
    minima=((0, 0),),
    minimum=0,
    pins=(((1, 1), 0.04), ((1, -1), 1), ((10, 10), 4), ((1, 0), 0.26)),
    tex=r"0.26\,(x^2 + y^2) - 0.48\,xy",
    source=f"Matyas 1965, Random Optimization, Automation and Remote Control 26; {SURVEY}",
    teaches="A quick fall into the trough, then a long crawl: the curvature along it is 25 times smaller.",
)
def matyas(p: jax.Array) -> jax.Array:
    x, y = p
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


@landscape(
    title="Zakharov",
    chapter="Bowls",
    domain=((-5, 5), (-5, 5)),
    start=(-3, 4),
    minima=((0, 0),),
    minimum=0,
    pins=(((1, 0), 1.3125), ((0, 1), 3), ((2, -1), 5), ((2, 1), 25)),
    tex=r"x^2 + y^2 + s^2 + s^4,\quad s = \tfrac12 x + y",
    source=SURVEY,
    notes="Usually shown from -5 to 10, where the far corner is at 50,000 and hides the rest.",
    teaches="Far out the fourth power rules: a learning rate that suits the bottom throws the ball off up here.",
    height="log",
)
def zakharov(p: jax.Array) -> jax.Array:
    x, y = p
    s = x / 2 + y
    return x**2 + y**2 + s**2 + s**4


@landscape(
    title="Absolute value",
    chapter="Bowls",
    domain=((-3, 3), (-3, 3)),
    start=(2.5, 1.3),
    minima=((0, 0),),
    minimum=0,
    pins=(((0, 0), 0), ((1, -2), 3), ((-0.5, 0), 0.5)),
    tex=r"|x| + |y|",
    source=f"The 1-norm, as in the lasso (Tibshirani 1996, doi:10.1111/j.2517-6161.1996.tb02080.x); {SURVEY}",
    teaches="The slope does not fade at the bottom: with a constant step the ball hops across the crease for ever.",
    notes="On a crease the gradient is not defined; here that coordinate's part of it is 0. Jamil and Yang's Schwefel "
    "2.20 is this function.",
)
def absolute(p: jax.Array) -> jax.Array:
    return jnp.sum(jnp.maximum(p, -p))  # rather than abs, to which JAX gives the slope 1 at 0


@landscape(
    title="Quartic",
    chapter="Bowls",
    domain=((-1.28, 1.28), (-1.28, 1.28)),
    start=(1.2, -0.9),
    minima=((0, 0),),
    minimum=0,
    pins=(((0, 0), 0), ((1, 0), 1), ((0, 1), 2), ((1, -1), 3), ((0.5, 0.5), 0.1875)),
    tex=r"x^4 + 2\,y^4",
    source="De Jong 1975, An Analysis of the Behavior of a Class of Genetic Adaptive Systems, F4 without its noise",
    teaches="The curvature itself vanishes at the bottom: every fixed learning rate gets slower and slower.",
    notes="De Jong adds random noise to each value; this is the function without it.",
)
def quartic(p: jax.Array) -> jax.Array:
    x, y = p
    return x**4 + 2 * y**4


@landscape(
    title="Trough",
    chapter="Bowls",
    domain=((-2, 2), (-2, 2)),
    start=(1.5, 1),
    minima=((0, 0), (0, -1), (0, 1)),
    minimum=0,
    minima_curve="x = 0",
    pins=(((2, 0), 2), ((2, 7), 2), ((0, 1), 0)),
    tex=r"\tfrac12 x^2",
    source="The smallest loss with a direction that it does not feel; Loshchilov and Hutter 2019, arXiv:1711.05101",
    teaches="Nothing in the loss moves y; weight decay does, and Adam with an L2 penalty moves it quite differently.",
)
def trough(p: jax.Array) -> jax.Array:
    x, _ = p
    return x**2 / 2


@landscape(
    title="Heavy-ball trap",
    chapter="Bowls",
    domain=((-4, 4), (-4, 4)),
    start=(3.3, 3),
    minima=((0, 0),),
    minimum=0,
    pins=(((-1, 0), 12.5), ((1, 0), 12.5), ((2, 0), 38), ((3, 0), 76.5), ((0, 2), 2), ((1.5, 0), 25.125)),
    tex=r"\tfrac{25}{2}x^2 - 12\,(x-1)_+^2 + 12\,(x-2)_+^2 + \tfrac12 y^2",
    source="Lessard, Recht and Packard 2016, section 4.6, arXiv:1408.3595, doi:10.1137/15M1009597",
    teaches="Convex, yet momentum tuned for its curvatures, 1 to 25, circles for ever; plain gradient descent arrives.",
    notes="The paper gives the derivative in x: 25x below 1, x + 24 from 1 to 2, 25x - 24 above. The term in y is "
    "ours; a subscript + means the positive part.",
)
def heavy_ball_trap(p: jax.Array) -> jax.Array:
    x, y = p
    return 12.5 * x**2 - 12 * jnp.maximum(x - 1, 0) ** 2 + 12 * jnp.maximum(x - 2, 0) ** 2 + y**2 / 2

"""Valleys: curved or flat floors between steep walls."""

import math

import jax
import jax.numpy as jnp

from landscapes.base import SURVEY, landscape


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


@landscape(
    title="Beale",
    chapter="Valleys",
    domain=((-4.5, 4.5), (-4.5, 4.5)),
    start=(1, 1.5),
    minima=((3, 0.5),),
    minimum=0,
    saddles=((0, 1), (0.10053793732415836, -2.644513585023125)),
    pins=(((3, 0.5), 0), ((0, 0), 14.203125), ((1, 1), 14.203125), ((2, 0), 0.703125), ((1, -1), 5.703125)),
    tex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    source="Beale 1958, On an Iterative Method for Finding a Local Minimum of a Function of More than One Variable, "
    "Princeton; problem 5 of Moré, Garbow and Hillstrom 1981, doi:10.1145/355934.355936",
    teaches="Cliffs in the corners and a flat floor between them: no single learning rate suits both.",
    notes="Moré, Garbow and Hillstrom start at (1, 1). "
    "On the edge of the usual square, at x = -4.5, the loss has a low point of 0.762, a minimum of the square only.",
    height="log",
)
def beale(p: jax.Array) -> jax.Array:
    x, y = p
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@landscape(
    title="Dixon-Price",
    chapter="Valleys",
    domain=((-2, 4), (-2.5, 2.5)),
    start=(3.5, -0.4),
    minima=((1, 0.7071067811865476), (1, -0.7071067811865476)),
    minimum=0,
    saddles=((1 / 3, 0),),
    pins=(((0, 0), 1), ((1, 1), 2), ((1 / 3, 0), 2 / 3), ((2, 1), 1), ((-1, 1), 22)),
    tex=r"(x-1)^2 + 2\,(2y^2 - x)^2",
    source=f"Dixon and Price 1989, doi:10.1007/BF00940007; {SURVEY}",
    teaches="A valley bent like a horseshoe with a minimum on each arm: the start decides which arm the ball takes.",
    notes="With two variables. Jamil and Yang drop a minus sign in the minimizers; the second is 2 to the power -1/2.",
    height="log",
)
def dixon_price(p: jax.Array) -> jax.Array:
    x, y = p
    return (x - 1) ** 2 + 2 * (2 * y**2 - x) ** 2


@landscape(
    title="Plateau and cliff",
    chapter="Valleys",
    domain=((-3, 3), (-3, 3)),
    start=(2.2, 1.6),
    minima=((-1.0043465108532896, 0),),
    minimum=4.441160574269216e-05,
    pins=(((0, 0), 0.55), ((0, 2), 0.75), ((-1, 2), 0.20004539786870243), ((0.1, 0), 0.7915585786300049)),
    tex=r"\frac{1}{1+e^{-10x}} + \frac{(x+1)^2+y^2}{20}",
    source="Made for this project, after Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.2.4, "
    "ISBN 978-0-262-03561-3",
    teaches="Slow on the plateau, then off the cliff: the slope is 2.6 there, where a moment before it was 0.2.",
    notes="The minimizer comes from Newton's method on this formula; the cliff's tail moves it a little below x = -1.",
)
def plateau_cliff(p: jax.Array) -> jax.Array:
    x, y = p
    return jax.nn.sigmoid(10 * x) + ((x + 1) ** 2 + y**2) / 20


@landscape(
    title="Goldstein-Price",
    chapter="Valleys",
    domain=((-2, 2), (-2, 2)),
    start=(-1.2, -1.25),
    minima=((0, -1),),
    minimum=3,
    local_minima=((-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)),
    saddles=((-0.4, -0.6), (0.6, 0.4), (1.2, -0.2), (1.4, 0.6)),
    pins=(((0, -1), 3), ((-0.6, -0.4), 30), ((1.8, 0.2), 84), ((1.2, 0.8), 840), ((0, 0), 600), ((1, 1), 1876)),
    tex=r"\left[1+(s+1)^2(19-14s+3s^2)\right]\left[30+t^2(18-16t+3t^2)\right],\quad s = x+y,\; t = 2x-3y",
    source="Goldstein and Price 1971, doi:10.1090/S0025-5718-1971-0312365-X",
    teaches="From 3 at the bottom to a million at the edge: gradient descent needs a tiny rate, Adam does not.",
    notes="Printed with the two brackets multiplied out in x and y, where one R package has 13x² for 3x². Written in s "
    "and t, every stationary point can be found by hand. The paper names no domain; this square is the usual one.",
    height="log",
)
def goldstein_price(p: jax.Array) -> jax.Array:
    x, y = p
    s, t = x + y, 2 * x - 3 * y
    return (1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2)) * (30 + t**2 * (18 - 16 * t + 3 * t**2))


@landscape(
    title="Spiral valley",
    chapter="Valleys",
    domain=((-4, 4), (-4, 4)),
    start=(1.9, -2.6),
    minima=((0, 0),),
    minimum=0,
    pins=(((0, 0), 0), ((math.pi / 3, 0), 2 * math.pi**2 / 15), ((0, math.pi / 3), math.pi**2 / 45)),
    tex=r"\frac{r^2}{5} + \left(x \sin\tfrac32 r - y \cos\tfrac32 r\right)^2,\quad r = \sqrt{x^2+y^2}",
    source="Made for this project",
    teaches="The way down turns without end: momentum is flung through the wall at every turn, small steps follow it.",
    notes="The bracket is r sin(3r/2 - θ): it vanishes along a spiral of two arms, and r²/5 falls towards the centre.",
    height="log",
)
def spiral(p: jax.Array) -> jax.Array:
    x, y = p
    squared = x**2 + y**2
    # The root has no slope at 0; there any number does in its place, since what it turns is 0.
    r = jnp.sqrt(jnp.where(squared > 0, squared, 1))
    return squared / 5 + (x * jnp.sin(1.5 * r) - y * jnp.cos(1.5 * r)) ** 2

"""Like a network: the shapes that come from multiplying weights, separating classes and unrolling in time."""

import math

import jax
import jax.numpy as jnp

from landscapes.base import landscape

RECURRENT_STEPS = 50

LOUD, QUIET_ONES = 30.0, 20
"""The slope of one example, and how many others there are, each of slope -1."""


@landscape(
    title="A product of two weights",
    chapter="Like a network",
    domain=((-3, 3), (-3, 3)),
    start=(2.6, 0.1),
    minima=((1, 1), (-1, -1), (2, 0.5), (0.5, 2), (-2, -0.5), (-0.5, -2)),
    minimum=0,
    minima_curve="xy = 1",
    saddles=((0, 0),),
    pins=(((0, 0), 0.5), ((1, 1), 0), ((1, -1), 2), ((2, 1), 0.5), ((3, 1), 2), ((2, 2), 4.5)),
    tex=r"\tfrac12 (1 - xy)^2",
    source="Wang, Chen, Zhao and Tao 2022, Large Learning Rate Tames Homogeneity, arXiv:2110.03677",
    teaches="Two weights in a row can share the work in many ways; a large learning rate drives them to share evenly.",
    height="log",
)
def product(p: jax.Array) -> jax.Array:
    x, y = p
    return (1 - x * y) ** 2 / 2


@landscape(
    title="A product of squares",
    chapter="Like a network",
    domain=((-3, 3), (-3, 3)),
    start=(2.8, 0.3),
    minima=((1, 1), (1, -1), (-1, 1), (-1, -1), (2, 0.5), (0.5, 2), (-2, 0.5), (-0.5, 2)),
    minimum=0,
    minima_curve="x^2 y^2 = 1",
    pins=(((0, 0), 0.5), ((1, 1), 0), ((2, 1), 4.5), ((1, 0), 0.5), ((2, 0.5), 0), ((1, -2), 4.5)),
    tex=r"\tfrac12 (1 - x^2y^2)^2",
    source="Zhu, Wang, Wang, Zhou and Ge 2023, arXiv:2210.03294; Cohen et al. 2021, arXiv:2103.00065",
    teaches="The edge of stability: a run that begins in a sharper place ends where the sharpness is just below 2/η.",
    notes="Zhu et al. train the four factors of ½(1 - xyzw)² with z = x and w = y: there the ball moves half as far "
    "for the same learning rate.",
    height="log",
)
def product_of_squares(p: jax.Array) -> jax.Array:
    x, y = p
    return (1 - x**2 * y**2) ** 2 / 2


@landscape(
    title="Separable classes",
    chapter="Like a network",
    domain=((-3, 6), (-3, 6)),
    start=(-2.5, -1),
    pins=(
        ((0, 0), math.log(2)),
        ((1, 1), 0.1809245195459824),
        ((-1, -1), 2.1809245195459823),
        ((2, 1), 0.3499312645245316),
    ),
    tex=r"\tfrac12\left[\ln(1+e^{-2x-y}) + \ln(1+e^{x-2y})\right]",
    source="Logistic regression on (2, 1) and (-1, 2), both of class 1; Soudry et al. 2018, arXiv:1710.10345",
    teaches="There is no minimum: the weights grow for ever like log t, while their direction settles.",
)
def separable(p: jax.Array) -> jax.Array:
    x, y = p
    return (jax.nn.softplus(-2 * x - y) + jax.nn.softplus(x - 2 * y)) / 2


@landscape(
    title="A recurrent unit's cliff",
    chapter="Like a network",
    domain=((2.5, 6.5), (-4, -0.5)),
    start=(5.5, -2),
    minima=(
        (3, -1.2527021395984377),
        (3.5, -1.602702114673407),
        (4, -1.9526871175489784),
        (4.5, -2.2977559497658313),
        (5, -2.6122703959050373),
    ),
    minimum=0,
    minima_curve=r"\sigma(h_{50}) = 0.7",
    pins=(((0, 0), 0.04), ((0, math.log(7 / 3)), 0), ((1, -0.1224593312018546), 0.006012555317663674)),
    tex=r"\left(\sigma(h_{50}) - 0.7\right)^2,\quad h_0 = 0.5,\; h_t = x\,\sigma(h_{t-1}) + y,\;"
    r"\sigma(h) = \frac{1}{1+e^{-h}}",
    source="Pascanu, Mikolov and Bengio 2013, On the Difficulty of Training Recurrent Neural Networks, equation 8 "
    "and figure 6, arXiv:1211.5063",
    teaches="Fifty steps in time multiply the slope into a wall: a plain step flies away from it, a clipped one stays.",
)
def recurrent_cliff(p: jax.Array) -> jax.Array:
    weight, bias = p
    start = jnp.full_like(weight, 0.5)
    state = jax.lax.fori_loop(0, RECURRENT_STEPS, lambda _, h: weight * jax.nn.sigmoid(h) + bias, start)
    return (jax.nn.sigmoid(state) - 0.7) ** 2


def _rare(p: jax.Array, slope: jax.Array | float) -> jax.Array:
    x, y = p
    beyond = jnp.maximum(jnp.maximum(x, -x) - 1, 0)
    return slope * x + 5 * beyond**2 + y**2 / 2


def _rare_batch(p: jax.Array, weights: jax.Array) -> jax.Array:
    slopes = jnp.full(QUIET_ONES + 1, -1.0, p.dtype).at[0].set(LOUD)
    return _rare(p, jnp.sum(jnp.asarray(weights, p.dtype) * slopes))


@landscape(
    title="One rare, loud example",
    chapter="Like a network",
    domain=((-1.5, 1.5), (-1, 1)),
    start=(0, 0.8),
    minima=((-22 / 21, 0),),
    minimum=-215 / 441,
    pins=(((0, 0), 0), ((1, 0), 10 / 21), ((-1, 0), -10 / 21), ((0, 1), 0.5), ((1.4, 0), 2 / 3 + 0.8)),
    tex=r"\tfrac{10}{21}\,x + 5\,(|x| - 1)_+^2 + \tfrac12 y^2",
    source="Reddi, Kale and Kumar 2018, section 3, arXiv:1904.09237",
    teaches="Twenty examples pull gently one way, one pulls hard the other: with a short memory Adam obeys the twenty.",
    notes="The first term is the mean of 21 examples: 30x once, -x twenty times. With a batch size of 1 each step sees "
    "one of them, each once in a pass. They keep x in [-1, 1] by projection, here walls do (a subscript + means the "
    "positive part); the term in y is ours.",
    examples=QUIET_ONES + 1,
    batch_loss=_rare_batch,
)
def rare_examples(p: jax.Array) -> jax.Array:
    return _rare(p, (LOUD - QUIET_ONES) / (QUIET_ONES + 1))

"""Fits to data: the loss is a mean over examples, so that a batch of them has a loss of its own."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from knobs import Knob
from landscapes import data as tables
from landscapes.base import Data, Point, landscape
from landscapes.minimizers import Fit, Shape, newton, reweighted, vertices

Losses = Callable[..., jax.Array]
"""`losses(predictions, targets, **parameters)`, shape (examples,) each: the loss of each example."""


def fit(
    *,
    data: Callable[[], Data],
    examples: int,
    solve: Callable[[Fit], np.ndarray] = newton,
    penalised: tuple[int, int] = (0, 0),
    penalties: Mapping[str, Knob] | None = None,
    held_out: bool = False,
    **facts: Any,
) -> Callable[[Losses], Losses]:
    """Register the mean of the decorated losses as a landscape: over the two numbers of a line or of a plane.

    Args:
        data: reads the examples.
        examples: how many there are; stated, so that none has to be read until they are asked for.
        solve: finds the minimizer, from the module of that name.
        penalised: 1 for each of the two numbers that the penalties hold down.
        penalties: their knobs, `l1_penalty` and `l2_penalty`; None for none.
        held_out: whether some examples are held out.
        **facts: as for `landscape`; the knobs among them are parameters of the losses.
    """
    own = {name: fact for name, fact in facts.items() if isinstance(fact, Knob)}
    parameters = own | dict(penalties or {})
    described: dict[str, Any] = facts | parameters

    def register(losses: Losses) -> Losses:
        def each(p: jax.Array, inputs: np.ndarray, targets: np.ndarray, settings: Mapping[str, Any]) -> jax.Array:
            predictions = jnp.asarray(_design(inputs), p.dtype) @ p
            return losses(predictions, jnp.asarray(targets, p.dtype), **{name: settings[name] for name in own})

        def penalty(p: jax.Array, settings: Mapping[str, Any]) -> jax.Array | float:
            if not penalties:
                return 0.0
            held = p * np.array(penalised, p.dtype)
            sizes = jnp.maximum(held, -held)  # rather than abs, to which JAX gives the slope 1 at 0
            # The penalty times the weight first: a square that overflows would make no penalty at all NaN.
            return jnp.sum(settings["l1_penalty"] * sizes + settings["l2_penalty"] * held * held / 2)

        def loss(p: jax.Array, **settings: Any) -> jax.Array:
            known = data()
            return jnp.mean(each(p, known.inputs, known.targets, settings)) + penalty(p, settings)

        def batch_loss(p: jax.Array, weights: jax.Array, **settings: Any) -> jax.Array:
            known = data()
            shares = jnp.asarray(weights, p.dtype)
            return jnp.sum(shares * each(p, known.inputs, known.targets, settings)) + penalty(p, settings)

        def held_out_loss(p: jax.Array, **settings: Any) -> jax.Array:
            known = data()
            return jnp.mean(each(p, known.held_out_inputs, known.held_out_targets, settings))

        @jax.jit
        def shape(predictions: jax.Array, settings: Mapping[str, Any]) -> tuple[jax.Array, jax.Array, jax.Array]:
            def each_at(at: jax.Array) -> jax.Array:
                return losses(at, jnp.asarray(data().targets), **settings)

            slopes = jax.grad(lambda at: jnp.sum(each_at(at)))
            slope, curvature = jax.jvp(slopes, (predictions,), (jnp.ones_like(predictions),))
            return each_at(predictions), slope, curvature

        def minimizer(**settings: float) -> tuple[Point, float]:
            known = data()
            named = {name: settings[name] for name in own}
            held = np.array(penalised, float)
            problem = Fit(
                _design(known.inputs), known.targets, lambda at: Shape(*map(np.asarray, shape(at, named))),
                held * settings.get("l1_penalty", 0), held * settings.get("l2_penalty", 0),
            )  # fmt: skip
            x, y = solve(problem)
            return (float(x), float(y)), problem.value(np.array([x, y]))

        arguments = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("p", *parameters)]
        for function in (loss, held_out_loss):
            function.__name__ = losses.__name__
            function.__signature__ = inspect.Signature(arguments)  # pyright: ignore[reportFunctionMemberAccess]
        return landscape(
            chapter="Fits to data", examples=examples, data=data, batch_loss=batch_loss,
            held_out_loss=held_out_loss if held_out else None, minimizer=minimizer if parameters else None,
            **described,
        )(loss)  # fmt: skip

    return register


def _design(inputs: np.ndarray) -> np.ndarray:
    """What the two numbers are multiplied by: input and 1 for a line, both inputs for a plane; (examples, 2)."""
    return np.column_stack([inputs, np.ones(len(inputs))]) if inputs.shape[1] == 1 else inputs


def _penalties(l1: float, l2: float) -> dict[str, Knob]:
    """The knobs of both penalties, with their sweeps from 0 up; none is the default."""
    return {
        "l1_penalty": Knob(0, l1, 0, allowed=(0, 1e6), help="λ₁, what each unit of a weight's size costs."),
        "l2_penalty": Knob(0, l2, 0, allowed=(0, 1e6), help="λ₂: half of it is what a weight's square costs."),
    }


LINE, WEIGHTS = ("w", "b"), ("w₁", "w₂")
"""What the two numbers are called: the weight and the bias of a line, or the weights of two inputs."""

BOTH_PENALISED = r",\quad P = \lambda_1\left(|w_1| + |w_2|\right) + \tfrac12\lambda_2\left(w_1^2 + w_2^2\right)"
DIABETES = "Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression, doi:10.1214/009053604000000067"
ANSCOMBE = "the third data set of Anscombe 1973, doi:10.1080/00031305.1973.10478966"
HELD_OUT = "Every fifth row is held out; the means and deviations are those of the others."


@fit(
    data=tables.four_points,
    examples=4,
    penalised=(1, 0),
    penalties=_penalties(6, 6),
    title="A line through four points",
    axes=LINE,
    domain=((-3, 6), (-2, 7)),
    start=(0, 0),
    minima=((2, 1),),
    minimum=0,
    pins=(((2, 1), 0), ((0, 0), 41), ((1, 0), 13.5), ((0, 1), 30), ((2, 0), 1)),
    tex=r"\tfrac14 \sum_i (w\,s_i + b - t_i)^2 + P,\quad P = \lambda_1 |w| + \tfrac12\lambda_2\, w^2",
    source="Least squares for the points (1, 3), (2, 5), (3, 7), (4, 9), with slope w and intercept b; Legendre 1805",
    teaches="A real training loss: the slope is learnt in a few steps, the intercept takes a thousand.",
    notes="The penalties hold down the slope, not the intercept.",
    height="log",
)
def line_fit(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    return (predictions - targets) ** 2


@fit(
    data=tables.diabetes_raw,
    examples=354,
    penalised=(1, 1),
    penalties=_penalties(60, 5),
    held_out=True,
    title="Diabetes, in its own units",
    axes=WEIGHTS,
    domain=((-50, 70), (-10, 110)),
    start=(-30, 10),
    minima=((7.210162722318618, 54.48130677148978),),
    minimum=3155.285189621691,
    pins=(((0, 0), 5928.3149158926235), ((7.210162722318618, 54.48130677148978), 3155.285189621691)),
    tex=r"\frac1n \sum_i r_i^2 + P,\quad r_i = w_1\,(s_i - \mu_s) + w_2\,(u_i - \mu_u) - (t_i - \mu_t)"
    + BOTH_PENALISED,
    source=f"{DIABETES}: progression t from body mass index s and log triglycerides u",
    teaches="A number of another size, a valley: one step suits the body mass index and the other weight waits for it.",
    notes=f"{HELD_OUT} Means are subtracted, which spares the intercept; units are the table's. The curvature "
    "across the valley is 99 times that along it.",
    height="log",
)
def diabetes_raw(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    return (predictions - targets) ** 2


@fit(
    data=tables.diabetes_standardised,
    examples=354,
    penalised=(1, 1),
    penalties=_penalties(1.5, 2),
    held_out=True,
    title="Diabetes, standardised",
    axes=WEIGHTS,
    domain=((-1.6, 2.4), (-1.6, 2.4)),
    start=(-1.3, 1),
    minima=((0.4316537128988557, 0.3688419619827099),),
    minimum=0.532239807497912,
    pins=(((0, 0), 1), ((0.4316537128988557, 0.3688419619827099), 0.532239807497912)),
    tex=r"\frac1n \sum_i r_i^2 + P,\quad r_i = w_1\,\frac{s_i - \mu_s}{\sigma_s} + w_2\,\frac{u_i - \mu_u}{\sigma_u}"
    r" - \frac{t_i - \mu_t}{\sigma_t}" + BOTH_PENALISED,
    source=f"{DIABETES}: the same columns, each divided by its standard deviation",
    teaches="The same data, each column in standard deviations: the valley has become a bowl, and one rate suits both.",
    notes=f"{HELD_OUT} Curvatures 2(1 + r) and 2(1 - r), with r = 0.457 the correlation of the two columns: their "
    "ratio is 2.7.",
)
def diabetes_standardised(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    return (predictions - targets) ** 2


@fit(
    data=tables.iris,
    examples=80,
    penalised=(1, 1),
    penalties=_penalties(0.3, 0.3),
    held_out=True,
    title="Iris, logistic regression",
    axes=WEIGHTS,
    domain=((-3, 5), (-4, 4)),
    start=(-2.2, 2.6),
    minima=((1.1342048601237489, 0.1596126612733277),),
    minimum=0.5697803225945158,
    pins=(((0, 0), math.log(2)), ((1.1342048601237489, 0.1596126612733277), 0.5697803225945158)),
    tex=r"\frac1n \sum_i \ln\left(1 + e^{-m_i}\right) + P,\quad m_i = (2\,t_i - 1)\,a_i,\quad "
    r"a_i = w_1\,\frac{s_i - \mu_s}{\sigma_s} + w_2\,\frac{u_i - \mu_u}{\sigma_u}" + BOTH_PENALISED,
    source="Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x: virginica (t = 1) or versicolor (t = 0) from the "
    "length s and width u of the sepals",
    teaches="Classes that overlap have a best line: the loss is a bowl, straight far out and round at the bottom.",
    notes=f"{HELD_OUT} Without an intercept: there are as many of one kind as of the other.",
)
def iris_logistic(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    return jax.nn.softplus((1 - 2 * targets) * predictions)


@fit(
    data=tables.anscombe,
    examples=11,
    solve=reweighted,
    title="Line fit, Huber's loss",
    axes=LINE,
    domain=((-2, 3), (5, 10)),
    start=(2.4, 5.5),
    minima=((0.36919913419913425, 7.173679653679653),),
    minimum=0.17804457890594255,
    pins=(((0, 7.5), 6.2949 / 11),),
    tex=r"\frac1n \sum_i h_i \left(|r_i| - \tfrac12 h_i\right),\quad h_i = \min\{|r_i|, \delta\},\quad "
    r"r_i = w\,(s_i - 9) + b - t_i",
    source=f"Huber 1964, doi:10.1214/aoms/1177703732, on {ANSCOMBE}",
    teaches="Beyond the threshold an error pulls no harder: ten points outvote the outlier; at 5 it is least squares.",
    notes="The input is counted from its mean, 9, so that slope w and height b do not depend on each other. "
    "There is no penalty: the threshold is what is turned here.",
    huber_threshold=Knob(0.1, 5, 0.5, "log", allowed=(1e-3, 1e6), help="δ, the error from which the loss is straight."),
)
def huber_line(predictions: jax.Array, targets: jax.Array, huber_threshold: jax.Array) -> jax.Array:
    errors = predictions - targets
    near = jnp.clip(errors, -huber_threshold, huber_threshold)
    return near * (errors - near / 2)


@fit(
    data=tables.anscombe,
    examples=11,
    solve=vertices,
    title="Line fit, quantile loss",
    axes=LINE,
    domain=((-2, 3), (5, 10)),
    start=(2.4, 5.5),
    minima=((0.345, 7.115),),
    minimum=0.19386363636363632,
    pins=(((0, 7.5), 15.08 / 22),),
    tex=r"\frac1n \sum_i \max\{\tau\, r_i, (\tau - 1)\, r_i\},\quad r_i = t_i - w\,(s_i - 9) - b",
    source=f"Koenker and Bassett 1978, doi:10.2307/1913643, on {ANSCOMBE}",
    teaches="A share τ of the points lies below the line; the slope does not fade at the bottom, so the rate has to.",
    notes="The input is counted from its mean, 9. On a crease the gradient is the mean of those beside it. "
    "There is no penalty: τ is what is turned here.",
    quantile=Knob(
        0.05, 0.95, 0.5, allowed=(0.01, 0.99), help="τ, the share of the points below the line; ½ is the median."
    ),
)
def quantile_line(predictions: jax.Array, targets: jax.Array, quantile: jax.Array) -> jax.Array:
    errors = targets - predictions
    return jnp.maximum(quantile * errors, (quantile - 1) * errors)

"""Optimizers that find the length of their steps themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from knobs import Knob
from optimizers import shared
from optimizers.base import Memory, optimizer


@optimizer(
    title="Polyak step size",
    family="Without a learning rate",
    tex=r"""\begin{aligned}
n_t &= \lVert g_t \rVert^2 + \varepsilon \\
\alpha_t &= \min\left(\frac{f(x_{t-1}) - f^*}{n_t},\ \alpha_{\max}\right), \\
&\quad \text{but } \alpha_t = 0 \text{ where } n_t \le 2^{-52} \\
x_t &= x_{t-1} - \alpha_t\, g_t
\end{aligned}""",
    source="Polyak 1969, doi:10.1016/0041-5553(69)90061-5; with the cap Loizou et al. 2021, arXiv:2002.10542",
    teaches="Whoever knows the lowest loss knows how far to go: to where the tangent would reach it.",
    notes=(
        "It aims for the loss f*, so f* must be right: below f* it climbs back up. The cap is the SPS_max rule of "
        "Loizou et al. with their c = 1."
    ),
    needs=("value",),
    max_learning_rate=Knob(1e-4, 10, 1, "log", allowed=(0, 1e6), help="The longest step per unit of slope."),
    minimum_loss=Knob(-100, 100, 0, allowed=(-1e12, 1e12), help="The loss f* that it believes to be the lowest."),
    epsilon=Knob(0, 1, 0, allowed=(0, 1e6), help="Shortens the steps where the slope is small."),
)
def polyak_sgd(
    max_learning_rate: jax.Array, minimum_loss: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.polyak_sgd(max_learning_rate, f_min=minimum_loss, eps=epsilon)


@optimizer(
    title="Backtracking line search",
    family="Without a learning rate",
    tex=r"""\begin{aligned}
a_t &= \min(c\,\alpha_{t-1},\ \alpha_{\max}), \quad \alpha_0 = 1 \\
\alpha_t &= \text{the first of } a_t,\ a_t b,\ \dots,\ a_t b^K \text{ with} \\
&\quad f(x_{t-1} - \alpha_t\, g_t) \le f(x_{t-1}) - \sigma\,\alpha_t\,\lVert g_t \rVert^2, \\
&\quad \text{or the last of them} \\
x_t &= x_{t-1} - \alpha_t\, g_t
\end{aligned}""",
    source="Armijo 1966, doi:10.2140/pjm.1966.16.1",
    teaches="It tries a long step and shortens it until the loss really falls: it cannot overshoot.",
    notes=(
        "The first guess of a step is the last one's length times c, as in optax; textbooks begin each search at "
        "α_max again. A trial whose loss is not a number counts as too long; if the last one still is, nothing moves."
    ),
    needs=("value", "grad", "value_fn"),
    evaluations=lambda state, knobs: 1 + optax.tree.get(state, "num_linesearch_steps"),  # the gradient, and each trial
    memories={r"\alpha_t": Memory("learning_rate")},
    max_learning_rate=Knob(1e-4, 10, 1, "log", allowed=(0, 1e6), help="The longest trial, α_max."),
    sufficient_decrease=Knob(
        1e-4, 0.9, 1e-4, "log", allowed=(0, 1), help="The share σ of the decrease that the slope promises."
    ),
    decrease_factor=Knob(
        0.05, 0.95, 0.5, allowed=(1e-6, 1), help="What a trial is multiplied by when it is too long, b."
    ),
    increase_factor=Knob(1, 10, 2, "log", allowed=(1, 1e6), help="What the last step is multiplied by for a guess, c."),
    max_backtracking_steps=Knob(1, 100, 50, allowed=(0, 1000), integer=True, help="How often it shortens at most, K."),
)
def backtracking_line_search(
    max_learning_rate: jax.Array,
    sufficient_decrease: jax.Array,
    decrease_factor: jax.Array,
    increase_factor: jax.Array,
    max_backtracking_steps: jax.Array,
) -> optax.GradientTransformation:
    search = optax.scale_by_backtracking_linesearch(
        max_backtracking_steps,
        slope_rtol=sufficient_decrease,
        decrease_factor=decrease_factor,
        increase_factor=increase_factor,
        max_learning_rate=max_learning_rate,
    )
    return optax.chain(optax.sgd(1), search)


def _slopes(step: jax.typing.ArrayLike, **extras: Any) -> jax.Array:
    return jnp.any(jnp.stack([jnp.any(leaf != 0) for leaf in jax.tree.leaves(extras["grad"])]))


def _of_slopes(field: str) -> Callable[[Any, Mapping[str, jax.Array]], jax.Array]:
    """What optax divides by d₀, as in the paper."""
    return lambda state, knobs: knobs["initial_distance"] * optax.tree.get(state, field)


@optimizer(
    title="Prodigy",
    family="Without a learning rate",
    tex=r"""\begin{aligned}
\gamma_t &= \eta\, d_{t-1} \sqrt{1 - \beta_2^t} / (1 - \beta_1^t) \\
m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, d_{t-1}\, g_t \\
v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, d_{t-1}^2\, g_t^2 \\
r_t &= \beta_3 r_{t-1} + \gamma_t\, d_{t-1}\,\langle g_t,\ x_0 - x_{t-1} \rangle \\
s_t &= \beta_3 s_{t-1} + \gamma_t\, d_{t-1}\, g_t \\
d_t &= \max\left(d_{t-1},\ c\,\frac{r_t}{\lVert s_t \rVert_1}\right), \quad d_0 \text{ given} \\
x_t &= x_{t-1} - \gamma_t\left(\frac{m_t}{\sqrt{v_t} + d_t\,\varepsilon} + \lambda\, x_{t-1}\right)
\end{aligned}""",
    source="Mishchenko & Defazio 2024, Algorithm 4, arXiv:2306.06101",
    teaches="Adam that estimates its distance d to the minimum from the way it has come, and steps accordingly.",
    notes=(
        "optax corrects the bias, which the paper does not and the authors' code may; ε stands with the new d, as in "
        "that code, in the paper with the old one. optax divides r and s by d₀, which cancels. The paper has β₃ = √β₂. "
        "Where g is exactly 0 the step is left out, since r/s may be 0/0."
    ),
    needs=("grad",),
    memories={
        "m_t": Memory("exp_avg"),
        "v_t": Memory("exp_avg_sq"),
        "r_t": Memory(_of_slopes("numerator_weighted")),
        "s_t": Memory(_of_slopes("grad_sum")),
        "d_t": Memory("estim_lr"),
    },
    learning_rate=shared.learning_rate(default=1, help="A factor on every step; 1 is the method as published."),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    beta3=Knob(
        0, 0.9999, 0.999**0.5, allowed=(0, shared.ALMOST_ONE), help="How long the estimate of the distance remembers."
    ),
    epsilon=shared.epsilon(default=1e-8),
    initial_distance=Knob(1e-9, 10, 1e-2, "log", allowed=(1e-30, 1e6), help="The first, too small, guess of d."),
    distance_factor=Knob(0.1, 10, 1, "log", allowed=(0, 1e6), help="The factor c on the estimate of the distance."),
    weight_decay=shared.weight_decay(default=0),
)
def prodigy(
    learning_rate: jax.Array,
    beta1: jax.Array,
    beta2: jax.Array,
    beta3: jax.Array,
    epsilon: jax.Array,
    initial_distance: jax.Array,
    distance_factor: jax.Array,
    weight_decay: jax.Array,
) -> optax.GradientTransformation:
    method = optax.contrib.prodigy(
        learning_rate,
        betas=(beta1, beta2),
        beta3=beta3,
        eps=epsilon,
        estim_lr0=initial_distance,
        estim_lr_coef=distance_factor,
        weight_decay=weight_decay,
    )
    # Without it the first gradient, where it is zero, makes r/s = 0/0, and a run that rests would seem to diverge.
    return optax.transforms.conditionally_mask(method, _slopes, forward_extra_args=True)

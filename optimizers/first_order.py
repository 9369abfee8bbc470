"""Gradient descent and its momentum variants: the step is a combination of gradients, in units of the slope."""

from typing import Any

import jax
import optax

from knobs import Knob
from optimizers import shared, stability
from optimizers.base import Memory, optimizer


@optimizer(
    title="Gradient descent",
    family="Gradient descent",
    tex=r"x_t = x_{t-1} - \eta\, g_t",
    source="Cauchy 1847, Méthode générale pour la résolution des systèmes d'équations simultanées, C. R. 25:536–538",
    teaches="One step downhill, as long as the slope is steep: it settles while the learning rate is below 2/λ.",
    limit=stability.GRADIENT_DESCENT,
    learning_rate=shared.learning_rate(default=1e-3, help=shared.PER_SLOPE),
)
def gradient_descent(learning_rate: jax.Array) -> optax.GradientTransformation:
    return optax.sgd(learning_rate)


@optimizer(
    title="Momentum (heavy ball)",
    family="Gradient descent",
    tex=r"""\begin{aligned}
v_t &= \beta\, v_{t-1} + g_t \\
x_t &= x_{t-1} - \eta\, v_t
\end{aligned}""",
    source="Polyak 1964, doi:10.1016/0041-5553(64)90137-5",
    teaches="Gradients that agree add up to steps 1/(1 − β) times as long, and those that alternate cancel.",
    notes=(
        "As in PyTorch. Sutskever et al. 2013 keep the learning rate inside the velocity, v ← βv − ηg: the same path "
        "while η is constant, another one under a schedule. The average v ← βv + (1 − β)g needs a learning rate "
        "1/(1 − β) times as large for the same path."
    ),
    memories={"v_t": Memory("trace", "direction")},
    limit=stability.HEAVY_BALL,
    learning_rate=shared.learning_rate(default=5e-4, help=shared.PER_SLOPE),
    momentum=shared.momentum(default=0.9),
)
def momentum(learning_rate: jax.Array, momentum: jax.Array) -> optax.GradientTransformation:
    return optax.sgd(learning_rate, momentum)


@optimizer(
    title="Nesterov momentum",
    family="Gradient descent",
    tex=r"""\begin{aligned}
v_t &= \beta\, v_{t-1} + g_t \\
x_t &= x_{t-1} - \eta\,(g_t + \beta\, v_t)
\end{aligned}""",
    source="Nesterov 1983, Doklady AN SSSR 269:543–547; in this form Sutskever et al. 2013, PMLR 28(3):1139–1147",
    teaches="The newest gradient counts as if the ball were where its velocity carries it next, so it brakes sooner.",
    notes=(
        "As in PyTorch, where x is the point that looks ahead. Nesterov writes the step in two sequences and lets β "
        "grow with t; here it is constant."
    ),
    memories={"v_t": Memory("trace", "direction")},
    limit=stability.NESTEROV,
    learning_rate=shared.learning_rate(default=4e-4, help=shared.PER_SLOPE),
    momentum=shared.momentum(default=0.9),
)
def nesterov(learning_rate: jax.Array, momentum: jax.Array) -> optax.GradientTransformation:
    return optax.sgd(learning_rate, momentum, nesterov=True)


def _average(iterate: jax.Array, state: Any) -> jax.Array:
    return optax.contrib.schedule_free_eval_params(state, iterate)


@optimizer(
    title="Schedule-free SGD",
    family="Gradient descent",
    tex=r"""\begin{aligned}
y_t &= \beta_1 x_{t-1} + (1 - \beta_1)\, z_{t-1} \\
g_t &= \nabla f(y_t) \\
z_t &= z_{t-1} - \eta\,(g_t + \lambda\, y_t) \\
x_t &= \left(1 - \tfrac1t\right) x_{t-1} + \tfrac1t\, z_t, \quad z_0 = x_0
\end{aligned}""",
    source="Defazio et al. 2024, arXiv:2405.15682",
    teaches="The average of all places visited settles by itself, without a schedule that lowers the learning rate.",
    notes=(
        "The path shown is x, the point that the method returns; gradients are taken at y. The share 1/t is optax's "
        "weight, the square of the learning rate, when that is constant. β₁ must be above 0: optax recovers x from y "
        "and z."
    ),
    memories={"z_t": Memory("z", "point")},
    limit=stability.SCHEDULE_FREE,
    report=_average,
    learning_rate=shared.learning_rate(default=2e-3, help=shared.PER_SLOPE),
    beta1=Knob(
        0.1, 0.999, 0.9, allowed=(1e-3, shared.ALMOST_ONE), help="How near the gradient is taken to the average."
    ),
    weight_decay=shared.weight_decay(default=0),
)
def schedule_free_sgd(
    learning_rate: jax.Array, beta1: jax.Array, weight_decay: jax.Array
) -> optax.GradientTransformation:
    return optax.contrib.schedule_free_sgd(learning_rate, b1=beta1, weight_decay=weight_decay)

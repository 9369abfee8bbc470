"""Optimizers that take the direction from the gradient but not its length."""

import jax
import optax

from knobs import Knob
from optimizers import shared
from optimizers.base import Memory, optimizer

EXACTLY = "How far each coordinate moves in every step."


@optimizer(
    title="Signum (signSGD with momentum)",
    family="Sign and trust ratio",
    tex=r"""\begin{aligned}
m_t &= \beta\, m_{t-1} + (1 - \beta)\, g_t \\
x_t &= x_{t-1} - \eta\,\mathrm{sign}(m_t)
\end{aligned}""",
    source="Bernstein et al. 2018, arXiv:1802.04434",
    teaches="Steps of one length, whatever the slope: it never comes to rest closer than the learning rate.",
    notes="At β = 0 it is signSGD.",
    memories={"m_t": Memory("ema", "direction")},
    learning_rate=shared.learning_rate(default=1e-2, help=EXACTLY),
    momentum=shared.momentum(default=0.9, help="How long the average of gradients remembers."),
)
def signum(learning_rate: jax.Array, momentum: jax.Array) -> optax.GradientTransformation:
    return optax.signum(learning_rate, momentum)


@optimizer(
    title="Lion",
    family="Sign and trust ratio",
    tex=r"""\begin{aligned}
u_t &= \mathrm{sign}(\beta_1 m_{t-1} + (1 - \beta_1)\, g_t) \\
m_t &= \beta_2 m_{t-1} + (1 - \beta_2)\, g_t \\
x_t &= x_{t-1} - \eta\,(u_t + \lambda\, x_{t-1})
\end{aligned}""",
    source="Chen et al. 2023, arXiv:2302.06675",
    teaches="Signum with two memories: a short one for the step, a long one that is kept.",
    notes="As published. The decay is multiplied by η, as in AdamW here.",
    memories={"m_t": Memory("mu", "direction")},
    learning_rate=shared.learning_rate(default=1e-2, help=EXACTLY),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.99, help="How long the average that is kept remembers."),
    weight_decay=shared.weight_decay(default=1e-3),
)
def lion(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, weight_decay: jax.Array
) -> optax.GradientTransformation:
    return optax.lion(learning_rate, beta1, beta2, weight_decay=weight_decay)


@optimizer(
    title="Rprop",
    family="Sign and trust ratio",
    tex=r"""\begin{aligned}
\Delta_t &= \begin{cases}
\mathrm{clip}(\eta^+ \Delta_{t-1},\ \Delta_{\min},\ \Delta_{\max}) & g_t\, p_{t-1} > 0 \\
\mathrm{clip}(\eta^- \Delta_{t-1},\ \Delta_{\min},\ \Delta_{\max}) & g_t\, p_{t-1} < 0 \\
\Delta_{t-1} & g_t\, p_{t-1} = 0
\end{cases} \\
p_t &= \begin{cases} 0 & g_t\, p_{t-1} < 0 \\ \Delta_t\,\mathrm{sign}(g_t) & \text{else} \end{cases} \\
x_t &= \begin{cases} x_{t-1} & g_t\, p_{t-1} < 0 \\ x_{t-1} - p_{t-1} & \text{else} \end{cases} \\
\Delta_0 &= \eta, \quad p_0 = 0
\end{aligned}""",
    source="Riedmiller & Braun 1993, doi:10.1109/ICNN.1993.298623",
    teaches="Each coordinate keeps its own step: longer while the slope keeps its sign, half as long when it flips.",
    notes=(
        "optax 0.2.8 takes each step one gradient late: x moves by p of the step before, and not at all in the first "
        "one (google-deepmind/optax#1725). The paper and PyTorch move by p of this step."
    ),
    memories={r"\Delta_t": Memory("step_sizes"), "p_t": Memory("prev_updates")},
    learning_rate=shared.learning_rate(default=1e-2, help="The length of the first step in each coordinate."),
    decrease_factor=Knob(0.05, 0.95, 0.5, allowed=(1e-6, 1), help="What a step is multiplied by when the slope flips."),
    increase_factor=Knob(
        1, 2, 1.2, allowed=(1, 1e3), help="What a step is multiplied by while the slope keeps its sign."
    ),
    min_step_size=Knob(1e-9, 1e-1, 1e-6, "log", allowed=(0, 1e6), help="The shortest step."),
    max_step_size=Knob(1e-2, 50, 1, "log", allowed=(0, 1e6), help="The longest step."),
)
def rprop(
    learning_rate: jax.Array,
    decrease_factor: jax.Array,
    increase_factor: jax.Array,
    min_step_size: jax.Array,
    max_step_size: jax.Array,
) -> optax.GradientTransformation:
    return optax.rprop(learning_rate, decrease_factor, increase_factor, min_step_size, max_step_size)


@optimizer(
    title="LAMB",
    family="Sign and trust ratio",
    tex=shared.aligned(
        *shared.AVERAGE,
        *shared.SQUARES,
        r"r_t &= \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} + \lambda\, x_{t-1}",
        r"x_t &= x_{t-1} - \eta\,\frac{\lVert x_{t-1} \rVert}{\lVert r_t \rVert}\, r_t",
    ),
    source="You et al. 2020, arXiv:1904.00962",
    teaches="Adam's direction, but each step is a share of the distance from the origin.",
    notes=(
        "The norms are over both coordinates: the pair is one layer. Where either norm is 0 the ratio is 1. The paper "
        "allows a function of ‖x‖; this is the identity, as in optax."
    ),
    memories=shared.AVERAGES,
    learning_rate=shared.learning_rate(
        default=5e-2, help="The share of its distance from the origin by which the ball moves."
    ),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-6),
    weight_decay=shared.weight_decay(default=0),
)
def lamb(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array, weight_decay: jax.Array
) -> optax.GradientTransformation:
    return optax.lamb(learning_rate, beta1, beta2, epsilon, weight_decay=weight_decay)

"""Optimizers that divide each coordinate by the size of the gradients it has seen, without an average of gradients."""

import jax
import optax

from knobs import Knob
from optimizers import shared, stability
from optimizers.base import Memory, optimizer


@optimizer(
    title="Adagrad",
    family="Adaptive",
    tex=r"""\begin{aligned}
v_t &= v_{t-1} + g_t^2, \quad v_0 = a \\
x_t &= x_{t-1} - \eta\,\frac{g_t}{\sqrt{v_t + \varepsilon}}
\end{aligned}""",
    source="Duchi, Hazan & Singer 2011, JMLR 12:2121–2159",
    teaches="Each coordinate's steps shrink with all the slope it has ever met, and never grow again.",
    notes=(
        "ε stands inside the root, as in optax; PyTorch puts it outside. v starts at a: optax's own default is 0.1, "
        "PyTorch's is 0. Where v is still 0 nothing moves."
    ),
    memories={"v_t": Memory("sum_of_squares", "squares")},
    limit=stability.ADAGRAD,
    learning_rate=shared.learning_rate(default=0.3, help="How far each coordinate moves in the first step."),
    initial_accumulator=Knob(
        0, 100, 0, allowed=(0, 1e12), help="The sum of squared gradients, a, that it pretends to have seen already."
    ),
    epsilon=shared.epsilon(default=1e-10),
)
def adagrad(
    learning_rate: jax.Array, initial_accumulator: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.adagrad(learning_rate, initial_accumulator, epsilon)


@optimizer(
    title="RMSProp",
    family="Adaptive",
    tex=r"""\begin{aligned}
v_t &= \rho\, v_{t-1} + (1 - \rho)\, g_t^2 \\
u_t &= \beta\, u_{t-1} + \eta\,\frac{g_t}{\sqrt{v_t} + \varepsilon} \\
x_t &= x_{t-1} - u_t
\end{aligned}""",
    source="Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5",
    teaches="Adagrad that forgets: the divisor follows the recent slopes, so steps can grow again.",
    notes=(
        "ε stands outside the root, as in PyTorch; optax's own default puts it inside. v starts at 0 without bias "
        "correction, so the first steps are 1/√(1 − ρ) times as long."
    ),
    memories={"v_t": Memory("nu", "squares"), "u_t": Memory(lambda state, knobs: -state[2].trace)},
    limit=stability.RMSPROP,
    learning_rate=shared.learning_rate(default=1e-2, help=shared.PER_STEP),
    decay=Knob(
        0, 0.9999, 0.99, allowed=(0, shared.ALMOST_ONE), help="How long the average of squared gradients remembers."
    ),
    momentum=shared.momentum(default=0),
    epsilon=shared.epsilon(default=1e-8),
)
def rmsprop(
    learning_rate: jax.Array, decay: jax.Array, momentum: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.rmsprop(learning_rate, decay, epsilon, eps_in_sqrt=False, momentum=momentum)


@optimizer(
    title="Adadelta",
    family="Adaptive",
    tex=r"""\begin{aligned}
v_t &= \rho\, v_{t-1} + (1 - \rho)\, g_t^2 \\
u_t &= \frac{\sqrt{w_{t-1} + \varepsilon}}{\sqrt{v_t + \varepsilon}}\; g_t \\
w_t &= \rho\, w_{t-1} + (1 - \rho)\, u_t^2 \\
x_t &= x_{t-1} - \eta\, u_t
\end{aligned}""",
    source="Zeiler 2012, arXiv:1212.5701",
    teaches="The size of its own past steps takes the learning rate's place; ε decides how it gets going.",
    notes="The paper has no η, which is η = 1. The same as PyTorch's.",
    memories={"v_t": Memory("e_g", "squares"), "w_t": Memory("e_x")},
    limit=stability.ADADELTA,
    learning_rate=shared.learning_rate(default=1, help="A factor on every step; 1 is the method as published."),
    decay=Knob(0, 0.9999, 0.9, allowed=(0, shared.ALMOST_ONE), help="How long both averages of squares remember."),
    epsilon=Knob(1e-12, 1, 1e-6, "log", allowed=(1e-30, 1e6), help="The square of the step it dares to begin with."),
)
def adadelta(learning_rate: jax.Array, decay: jax.Array, epsilon: jax.Array) -> optax.GradientTransformation:
    return optax.adadelta(learning_rate, decay, epsilon)


@optimizer(
    title="Adafactor",
    family="Adaptive",
    tex=r"""\begin{aligned}
\rho_t &= 1 - t^{-c} \\
v_t &= \rho_t\, v_{t-1} + (1 - \rho_t)\,(g_t^2 + \varepsilon) \\
u_t &= g_t / \sqrt{v_t} \\
\hat u_t &= u_t / \max(1,\ \mathrm{rms}(u_t) / d) \\
\alpha_t &= \eta\,\max(10^{-3},\ \mathrm{rms}(x_{t-1})) \\
m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\,\alpha_t\,\hat u_t \\
x_t &= x_{t-1} - m_t - \lambda\, x_{t-1}
\end{aligned}""",
    source="Shazeer & Stern 2018, arXiv:1804.04235",
    teaches="Steps are a share of the iterate's own size, so the learning rate is a percentage.",
    notes=(
        "The factored second moment that gives it its name needs matrices: optax factors only from 128 x 128 on, so "
        "in two dimensions v is kept whole. rms is the root mean square over both coordinates. The decay λ is not "
        "multiplied by η. PyTorch's η is at most 1/√t."
    ),
    memories={"v_t": Memory("v", "squares"), "m_t": Memory(lambda state, knobs: state[4].ema)},
    learning_rate=shared.learning_rate(
        default=2e-2, help="The share of its own size by which the iterate moves in one step."
    ),
    decay=Knob(0, 1, 0.8, allowed=(0, 10), help="The exponent c: how fast the average of squares becomes a long one."),
    clipping_threshold=Knob(0.1, 10, 1, "log", allowed=(1e-6, 1e6), help="The largest root mean square d of a step."),
    beta1=shared.beta1(default=0),
    epsilon=shared.epsilon(low=1e-30, default=1e-30),
    weight_decay=shared.weight_decay(default=0),
)
def adafactor(
    learning_rate: jax.Array,
    decay: jax.Array,
    clipping_threshold: jax.Array,
    beta1: jax.Array,
    epsilon: jax.Array,
    weight_decay: jax.Array,
) -> optax.GradientTransformation:
    return optax.adafactor(
        learning_rate,
        decay_rate=decay,
        clipping_threshold=clipping_threshold,
        momentum=beta1,
        dtype_momentum=learning_rate.dtype,  # float32 by default
        weight_decay_rate=weight_decay,
        eps=epsilon,
    )

"""Adam and what grew out of it: an average of gradients, divided by a running size of the gradients."""

import jax
import optax

from knobs import Knob
from optimizers import shared, stability
from optimizers.base import Memory, optimizer


@optimizer(
    title="Adam",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE, *shared.SQUARES, r"x_t &= x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}"
    ),
    source="Kingma & Ba 2015, arXiv:1412.6980",
    teaches="Every coordinate moves by about the learning rate, however steep it is.",
    notes="As in the paper and in PyTorch: ε outside the root, after the bias correction.",
    memories=shared.AVERAGES,
    limit=stability.ADAM,
    learning_rate=shared.learning_rate(default=5e-2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-8),
)
def adam(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.adam(learning_rate, beta1, beta2, epsilon)


@optimizer(
    title="AdamW",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        *shared.SQUARES,
        r"x_t &= x_{t-1} - \eta\left(\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} + \lambda\, x_{t-1}\right)",
    ),
    source="Loshchilov & Hutter 2019, arXiv:1711.05101",
    teaches="Weight decay beside the division, not inside it: every coordinate shrinks at the same rate.",
    notes=(
        "As in PyTorch, the decay is multiplied by η. The paper multiplies it by the schedule alone, so there a "
        "smaller η does not weaken the decay."
    ),
    memories=shared.AVERAGES,
    limit=stability.ADAMW,
    learning_rate=shared.learning_rate(default=5e-2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-8),
    weight_decay=shared.weight_decay(default=1e-2),
)
def adamw(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array, weight_decay: jax.Array
) -> optax.GradientTransformation:
    return optax.adamw(learning_rate, beta1, beta2, epsilon, weight_decay=weight_decay)


@optimizer(
    title="AMSGrad",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        *shared.SQUARES,
        r"\bar v_t &= \max(\bar v_{t-1},\ \hat v_t)",
        r"x_t &= x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\bar v_t} + \varepsilon}",
    ),
    source="Reddi, Kale & Kumar 2018, arXiv:1904.09237",
    teaches="The divisor never shrinks, so one steep moment is never forgotten and steps never grow again.",
    notes=(
        "optax takes the maximum after the bias correction, PyTorch before it, and the paper has no bias correction: "
        "three different paths from the second step on."
    ),
    memories={**shared.AVERAGES, r"\bar v_t": Memory("nu_max", "squares")},
    limit=stability.AMSGRAD,
    learning_rate=shared.learning_rate(default=0.2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-8),
)
def amsgrad(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.amsgrad(learning_rate, beta1, beta2, epsilon)


@optimizer(
    title="Nadam",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        *shared.SQUARES,
        r"n_t &= \beta_1 \frac{m_t}{1 - \beta_1^{t+1}} + (1 - \beta_1)\frac{g_t}{1 - \beta_1^t}",
        r"x_t &= x_{t-1} - \eta\,\frac{n_t}{\sqrt{\hat v_t} + \varepsilon}",
    ),
    source="Dozat 2016, Incorporating Nesterov Momentum into Adam, ICLR workshop, openreview OM0jvwB8jIp57ZJjtNEZ",
    teaches="Adam that looks ahead: the newest gradient counts more, and turns are taken earlier.",
    notes="β₁ is constant, as in optax; the paper and PyTorch let it grow with t, which is another path.",
    memories=shared.AVERAGES,
    limit=stability.NADAM,
    learning_rate=shared.learning_rate(default=5e-2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-8),
)
def nadam(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.nadam(learning_rate, beta1, beta2, epsilon)


@optimizer(
    title="RAdam",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        *shared.SQUARES,
        r"\rho_\infty &= 2 / (1 - \beta_2) - 1",
        r"\rho_t &= \rho_\infty - 2t\beta_2^t / (1 - \beta_2^t)",
        r"r_t &= \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\,\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\,\rho_t}}",
        r"x_t &= x_{t-1} - \eta\,\begin{cases}"
        r" r_t\,\hat m_t / (\sqrt{\hat v_t} + \varepsilon) & \rho_t \ge \tau \\ \hat m_t & \rho_t < \tau \end{cases}",
    ),
    source="Liu et al. 2020, arXiv:1908.03265",
    teaches="It trusts the divisor only once enough gradients are in it; until then it is plain momentum.",
    notes=(
        "τ = 5 as in optax and PyTorch; the paper switches at 4. The first steps, 5 of them at the defaults, are not "
        "divided by anything: on a steep slope they are long."
    ),
    memories=shared.AVERAGES,
    limit=stability.RADAM,
    learning_rate=shared.learning_rate(default=4e-3, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.99),
    epsilon=shared.epsilon(default=1e-8),
    threshold=Knob(4, 100, 5, "log", allowed=(4, 1e9), help="The length τ of the average from which it divides."),
)
def radam(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array, threshold: jax.Array
) -> optax.GradientTransformation:
    return optax.radam(learning_rate, beta1, beta2, epsilon, threshold=threshold)


@optimizer(
    title="AdaMax",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        r"u_t &= \max(\beta_2 u_{t-1},\ |g_t| + \varepsilon)",
        r"x_t &= x_{t-1} - \eta\,\frac{\hat m_t}{u_t}",
    ),
    source="Kingma & Ba 2015, section 7, arXiv:1412.6980",
    teaches="The divisor is the largest recent slope instead of its root mean square, so it needs no bias correction.",
    notes="ε inside the maximum, as in PyTorch; the paper has none.",
    memories={"m_t": Memory("mu", "direction"), "u_t": Memory("nu", "sizes")},
    limit=stability.ADAMAX,
    learning_rate=shared.learning_rate(default=0.3, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999, help="How slowly the largest slope is forgotten."),
    epsilon=shared.epsilon(default=1e-8),
)
def adamax(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.adamax(learning_rate, beta1, beta2, epsilon)


@optimizer(
    title="AdaBelief",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        r"s_t &= \beta_2 s_{t-1} + (1 - \beta_2)(g_t - m_t)^2 + \varepsilon",
        r"\hat s_t &= s_t / (1 - \beta_2^t)",
        r"x_t &= x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat s_t} + \varepsilon}",
    ),
    source="Zhuang et al. 2020, arXiv:2010.07468",
    teaches="It divides by the surprise, not by the slope: where gradients are as expected, steps are long.",
    notes=(
        "ε stands in both places, as in the paper, and the inner one adds up over the steps. Without it a constant "
        "gradient would be divided by almost nothing."
    ),
    memories={"m_t": Memory("mu", "direction"), "s_t": Memory("nu", "squares")},
    limit=stability.ADABELIEF,
    learning_rate=shared.learning_rate(
        default=5e-2, help="How far a coordinate moves in one step when gradients surprise it."
    ),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999, help="How long the average of squared surprises remembers."),
    epsilon=shared.epsilon(low=1e-16, default=1e-16),
)
def adabelief(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.adabelief(learning_rate, beta1, beta2, epsilon, eps_root=epsilon)


@optimizer(
    title="Yogi",
    family="Adam family",
    tex=shared.aligned(
        *shared.AVERAGE,
        r"v_t &= v_{t-1} - (1 - \beta_2)\,\mathrm{sign}(v_{t-1} - g_t^2)\, g_t^2",
        shared.SQUARES[1],
        r"x_t &= x_{t-1} - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}",
        r"m_0 &= v_0 = 10^{-6}",
    ),
    source="Zaheer et al. 2018, Adaptive Methods for Nonconvex Optimization, NeurIPS 31",
    teaches="The divisor moves by at most the newest squared slope, so it falls slowly after a steep moment.",
    notes="The paper has no bias correction. optax starts both averages at 10⁻⁶.",
    memories=shared.AVERAGES,
    limit=stability.ADAM,
    learning_rate=shared.learning_rate(default=5e-2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.9),
    beta2=shared.beta2(default=0.999),
    epsilon=shared.epsilon(default=1e-3),
)
def yogi(
    learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array
) -> optax.GradientTransformation:
    return optax.yogi(learning_rate, beta1, beta2, epsilon)


@optimizer(
    title="Adan",
    family="Adam family",
    tex=shared.aligned(
        r"d_t &= g_t - g_{t-1}, \quad d_1 = 0",
        *shared.AVERAGE,
        r"v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, d_t",
        shared.SQUARES[1],
        r"n_t &= \beta_3 n_{t-1} + (1 - \beta_3)\,(g_t + (1 - \beta_2)\, d_t)^2",
        r"\hat n_t &= n_t / (1 - \beta_3^t)",
        r"x_t &= x_{t-1} - \eta\left(\frac{\hat m_t + (1 - \beta_2)\,\hat v_t}{\sqrt{\hat n_t} + \varepsilon}"
        r" + \lambda\, x_{t-1}\right)",
    ),
    source="Xie et al. 2022, arXiv:2208.06677",
    teaches="It also averages how the gradient changes, which says where the slope is going.",
    notes=(
        "optax 0.2.8 weighs the change by 1 − β₂. The paper's β are one minus these, so its 1 − β₂, and the authors' "
        "code, is β₂ here: 0.92 instead of 0.08 (google-deepmind/optax#1715). They agree at β₂ = ½. The paper "
        "divides x by 1 + ηλ instead of subtracting ηλx."
    ),
    memories={"m_t": Memory("m", "direction"), "v_t": Memory("v", "direction"), "n_t": Memory("n", "squares")},
    learning_rate=shared.learning_rate(default=5e-2, help=shared.PER_STEP),
    beta1=shared.beta1(default=0.98),
    beta2=shared.beta2(default=0.92, help="How long the average of gradient changes remembers."),
    beta3=Knob(
        0, 0.9999, 0.99, allowed=(0, shared.ALMOST_ONE), help="How long the average of squared gradients remembers."
    ),
    epsilon=shared.epsilon(default=1e-8),
    weight_decay=shared.weight_decay(default=0),
)
def adan(
    learning_rate: jax.Array,
    beta1: jax.Array,
    beta2: jax.Array,
    beta3: jax.Array,
    epsilon: jax.Array,
    weight_decay: jax.Array,
) -> optax.GradientTransformation:
    return optax.adan(learning_rate, beta1, beta2, beta3, epsilon, eps_root=0, weight_decay=weight_decay)

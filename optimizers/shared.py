"""What several optimizers share: knobs, whose defaults belong to the entries, and lines of their rules."""

from functools import partial

from knobs import Knob
from optimizers.base import Memory

ALMOST_ONE = 0.999999
"""The longest memory of an average: at 1 it would never take in anything."""

PER_SLOPE = "How far one unit of slope moves the ball."
PER_STEP = "About how far each coordinate moves in one step, however steep it is."

learning_rate = partial(Knob, low=1e-5, high=10, scale="log", allowed=(0, 1e6))
"""In units that differ between optimizers, so each says which; 0 is allowed, to see that nothing moves."""

newton_rate = partial(Knob, low=1e-2, high=2, scale="log", allowed=(0, 1e6), help="The share of the full step taken.")

momentum = partial(
    Knob, low=0, high=0.999, allowed=(0, ALMOST_ONE), help="The share of the last velocity that is kept."
)

beta1 = partial(Knob, low=0, high=0.999, allowed=(0, ALMOST_ONE), help="How long the average of gradients remembers.")

beta2 = partial(
    Knob, low=0, high=0.9999, allowed=(0, ALMOST_ONE), help="How long the average of squared gradients remembers."
)

epsilon = partial(
    Knob,
    low=1e-12,
    high=1,
    scale="log",
    allowed=(1e-30, 1e6),
    help="Keeps the division defined where the slope vanishes.",
)
"""Never 0: on a coordinate without slope 0/0 would end the run."""

weight_decay = partial(
    Knob, low=0, high=1, allowed=(0, 1e6), help="How strongly each step pulls the ball towards the origin."
)

AVERAGE = r"m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t", r"\hat m_t &= m_t / (1 - \beta_1^t)"
SQUARES = r"v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2", r"\hat v_t &= v_t / (1 - \beta_2^t)"
"""Adam's two averages, which start at 0, each with its bias correction."""


AVERAGES = {"m_t": Memory("mu", "direction"), "v_t": Memory("nu", "squares")}
"""Where optax keeps them."""


def aligned(*lines: str) -> str:
    """One equation of several lines, aligned at their `&`."""
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])

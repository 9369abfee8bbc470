"""Knobs that several optimizers share: one range and one sentence each; the default belongs to the entry."""

from knobs import Knob

ALMOST_ONE = 0.999999
"""The longest memory of an average: at 1 it would never take in anything."""

PER_SLOPE = "How far one unit of slope moves the ball."
PER_STEP = "About how far each coordinate moves in one step, however steep it is."


def learning_rate(default: float, help: str) -> Knob:
    """The learning rate; 0 is allowed, to see that nothing moves."""
    return Knob(1e-5, 10, default, "log", allowed=(0, 1e6), help=help)


def momentum(default: float, help: str = "The share of the last velocity that is kept.") -> Knob:
    """The factor of what is remembered from the last step."""
    return Knob(0, 0.999, default, allowed=(0, ALMOST_ONE), help=help)


def beta1(default: float = 0.9) -> Knob:
    """The memory of the average of gradients."""
    help = "How long the average of gradients remembers: about 1/(1 - beta1) steps."
    return Knob(0, 0.999, default, allowed=(0, ALMOST_ONE), help=help)


def beta2(default: float = 0.999, help: str = "How long the average of squared gradients remembers.") -> Knob:
    """The memory of the second average."""
    return Knob(0, 0.9999, default, allowed=(0, ALMOST_ONE), help=help)


def epsilon(default: float = 1e-8) -> Knob:
    """The term that keeps a denominator positive; never 0, since 0/0 would end a run on every flat coordinate."""
    help = "Keeps the division defined where the slope vanishes."
    return Knob(min(1e-12, default), 1, default, "log", allowed=(1e-30, 1e6), help=help)


def weight_decay(default: float) -> Knob:
    """The factor of the iterate that is subtracted beside the step."""
    return Knob(0, 1, default, allowed=(0, 1e6), help="How strongly each step pulls the ball towards the origin.")


def newton_rate(default: float) -> Knob:
    """The learning rate of a method whose full step is 1."""
    return Knob(1e-2, 2, default, "log", allowed=(0, 1e6), help="The share of the full step that is taken.")

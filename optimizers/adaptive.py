"""Optimizers that scale each coordinate by the gradients it has seen."""

import jax
import optax

from knobs import Knob
from optimizers.base import optimizer


@optimizer(
    title="Adam",
    family="Adaptive",
    tex=r"x_{t+1} = x_t - \eta\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}",
    source="Kingma & Ba 2015, arXiv:1412.6980",
    teaches="Every coordinate moves by about the learning rate, however steep it is.",
    learning_rate=Knob(1e-4, 10, 2e-2, "log", allowed=(0, 1e6), help="How far a coordinate moves in one step."),
    beta1=Knob(0, 0.999, 0.9, allowed=(0, 0.999999), help="How long the average of gradients remembers."),
    beta2=Knob(0, 0.9999, 0.999, allowed=(0, 0.999999), help="How long the average of squared gradients remembers."),
    epsilon=Knob(1e-12, 1, 1e-8, "log", allowed=(0, 1e6), help="Keeps the division defined where the slope vanishes."),
)
def adam(learning_rate: jax.Array, beta1: jax.Array, beta2: jax.Array, epsilon: jax.Array) -> optax.GradientTransformation:
    return optax.adam(learning_rate, b1=beta1, b2=beta2, eps=epsilon)

"""Gradient descent and its momentum variants."""

import jax
import optax

from knobs import Knob
from optimizers.base import optimizer


@optimizer(
    title="Gradient descent",
    family="Gradient descent",
    tex=r"x_{t+1} = x_t - \eta\, g_t",
    source="Cauchy 1847, Méthode générale pour la résolution des systèmes d'équations simultanées",
    teaches="One step downhill, as long as the slope is steep: it converges while the learning rate is below 2/λ.",
    learning_rate=Knob(1e-5, 10, 1e-3, "log", allowed=(0, 1e6), help="How far one unit of slope moves the ball."),
)
def gradient_descent(learning_rate: jax.Array) -> optax.GradientTransformation:
    return optax.sgd(learning_rate)

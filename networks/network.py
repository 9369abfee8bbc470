"""A small network: its shape, its first weights, what it says of an input, and its loss."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from knobs import Knob
from networks.tasks import Task

PLACES_AT_ONCE = 17
"""Of a plane, so that what they need stays in the processor's cache; measured."""

MOST_LAYERS = 3
"""How many hidden layers a network may have."""

WIDTH = Knob(1, 256, 32, "log", integer=True, help="How many units a hidden layer has.")

ACTIVATIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = MappingProxyType({
    "tanh": jnp.tanh, "relu": jax.nn.relu, "gelu": jax.nn.gelu, "sigmoid": jax.nn.sigmoid, "linear": lambda z: z,
})  # fmt: skip
"""What a hidden unit makes of its sum, by name. GELU is the usual approximation by tanh (Hendrycks & Gimpel 2016)."""

INITIALISATIONS: Mapping[str, Callable[[int, int], float]] = MappingProxyType({
    "zeros": lambda inputs, outputs: 0.0,
    "small": lambda inputs, outputs: 0.01,
    "xavier": lambda inputs, outputs: (2 / (inputs + outputs)) ** 0.5,
    "he": lambda inputs, outputs: (2 / inputs) ** 0.5,
    "large": lambda inputs, outputs: 1.0,
})  # fmt: skip
"""The standard deviation of a layer's first weights, which are normal, from its inputs and outputs; biases begin at 0.

Glorot & Bengio 2010, PMLR 9:249-256, and He et al. 2015, arXiv:1502.01852, both in their normal form.
"""


class Layer(NamedTuple):
    """The parameters of one layer: weights of shape (inputs, outputs), one column a unit, and bias, (outputs,)."""

    weights: Any  # arrays of JAX or NumPy
    bias: Any


Parameters = tuple[Layer, ...]


@dataclass(frozen=True)
class Network:
    """A fully connected network whose last layer gives one number for each class (a softmax makes them probabilities).

    Attributes:
        inputs, classes: how many numbers go in and come out.
        widths: the units of each hidden layer, at most three; () is softmax regression.
        activation: a key of ACTIVATIONS, for the hidden layers.
        initialisation: a key of INITIALISATIONS.

    Raises:
        ValueError: naming the value and what is allowed.
    """

    inputs: int
    classes: int
    widths: tuple[int, ...] = (32,)
    activation: str = "tanh"
    initialisation: str = "he"

    def __post_init__(self) -> None:
        if len(self.widths) > MOST_LAYERS:
            raise ValueError(f"widths = {self.widths!r} is not allowed: at most {MOST_LAYERS} hidden layers")
        for width in self.widths:
            WIDTH.check("width", width)
        for name, known in (("activation", ACTIVATIONS), ("initialisation", INITIALISATIONS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} = {getattr(self, name)!r} is not allowed: one of {', '.join(known)}")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers that come into each layer, and those that leave the last."""
        return (self.inputs, *self.widths, self.classes)

    @property
    def count(self) -> int:
        """How many parameters it has."""
        return sum((above + 1) * below for above, below in zip(self.sizes, self.sizes[1:], strict=False))


def network_for(
    task: Task, widths: tuple[int, ...] = (32,), activation: str = "tanh", initialisation: str = "he"
) -> Network:
    """A network with the inputs and classes of a task; raises as `Network` does."""
    return Network(task.columns, task.classes, tuple(widths), activation, initialisation)


def initial_parameters(network: Network, seed: int = 0) -> Parameters:
    """The first weights, float32, from a seed alone: layer k draws from JAX's key of the seed folded with k."""
    key, spread = jax.random.key(seed), INITIALISATIONS[network.initialisation]
    layers = []
    for number, (inputs, outputs) in enumerate(zip(network.sizes, network.sizes[1:], strict=False)):
        normals = jax.random.normal(jax.random.fold_in(key, number), (inputs, outputs), jnp.float32)
        weights = normals * jnp.float32(spread(inputs, outputs))
        layers.append(Layer(weights, jnp.zeros(outputs, jnp.float32)))
    return tuple(layers)


def forward(network: Network, parameters: Parameters, inputs: Any) -> jax.Array:
    """What the network says of inputs (n, inputs): one number for each class, (n, classes), before the softmax."""
    return scores_of(network, parameters, jnp.asarray(inputs).T).T


def scores_of(network: Network, parameters: Parameters, columns: jax.Array) -> jax.Array:
    """The same with examples last, (inputs, n) to (classes, n).

    So what is summed over classes lies side by side for many examples at once, which takes a quarter less time.
    """
    hidden, activation = columns, ACTIVATIONS[network.activation]
    *first, last = parameters
    for layer in first:
        hidden = activation(layer.weights.T @ hidden + layer.bias[:, None])
    return last.weights.T @ hidden + last.bias[:, None]


def mean_cross_entropy(scores: jax.Array, labels: Any, weights: Any = None) -> jax.Array:
    """The mean of ln(sum of e^score) - score of the label, over n examples: (classes, n), (n,) to a number.

    With `weights`, (n,), not negative and summing to one, it is their weighted mean.
    """
    of_label = jnp.take_along_axis(scores, jnp.asarray(labels)[None], axis=0)[0]
    each = jax.nn.logsumexp(scores, axis=0) - of_label
    return jnp.mean(each) if weights is None else jnp.sum(jnp.where(weights > 0, each, 0) * weights)


def share_right(scores: jax.Array, labels: Any) -> jax.Array:
    """The share of examples whose label has the highest score: (classes, n), (n,) to a number from 0 to 1."""
    return jnp.mean(jnp.argmax(scores, axis=0) == jnp.asarray(labels), dtype=scores.dtype)


@dataclass(frozen=True)
class CrossEntropy:
    """A network's loss as a function of its parameters, inputs and labels: the mean of `mean_cross_entropy`.

    Two of the same network are equal, so that what was compiled for one is found for the other.
    """

    network: Network

    def __call__(self, parameters: Parameters, inputs: Any, labels: Any) -> jax.Array:
        """The loss, a number."""
        return mean_cross_entropy(scores_of(self.network, parameters, jnp.asarray(inputs).T), labels)

    def on_plane(self, plane: tuple[Parameters, Parameters, Parameters], places: Any, data: Any) -> jax.Array:
        """The losses at places (n, 2) of a plane (centre, first, second), shape (n,).

        The sums of the first layer are linear in the place, so that three products of matrices serve all places.
        """
        inputs, labels = jnp.asarray(data[0]), jnp.asarray(data[1])
        sums = [tree[0].weights.T @ inputs.T + tree[0].bias[:, None] for tree in plane]
        activation, rest = ACTIVATIONS[self.network.activation], [tree[1:] for tree in plane]

        def at(place: jax.Array) -> jax.Array:
            def moved(c: jax.Array, u: jax.Array, v: jax.Array) -> jax.Array:
                return c + place[0].astype(c.dtype) * u + place[1].astype(c.dtype) * v

            now = moved(*sums)
            for layer in jax.tree.map(moved, *rest, is_leaf=lambda leaf: isinstance(leaf, jax.Array)):
                now = layer.weights.T @ activation(now) + layer.bias[:, None]
            return mean_cross_entropy(now, labels)

        return jax.lax.map(at, places, batch_size=PLACES_AT_ONCE)


def cross_entropy(network: Network) -> CrossEntropy:
    """The network's loss as a function (parameters, inputs, labels): the mean cross-entropy in natural logarithms."""
    return CrossEntropy(network)


def judge(network: Network, parameters: Parameters, inputs: Any, labels: Any) -> jax.Array:
    """The mean cross-entropy, and the share of examples whose label has the highest score, shape (2,)."""
    scores = scores_of(network, parameters, jnp.asarray(inputs).T)
    return jnp.stack([mean_cross_entropy(scores, labels), share_right(scores, labels)])


def probabilities(network: Network, parameters: Parameters, inputs: Any) -> np.ndarray:
    """How likely the network takes each class to be for inputs (n, inputs), shape (n, classes): the softmax."""
    return np.asarray(_softmax(network)(parameters, inputs), float)


@lru_cache(maxsize=32)
def _softmax(network: Network) -> Callable[..., jax.Array]:
    return jax.jit(lambda parameters, inputs: jax.nn.softmax(forward(network, parameters, inputs), axis=1))

"""A network's scores and loss in plain NumPy, float64, written from the formulas."""

import numpy as np

ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "gelu": lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "linear": lambda z: z,
}


def scores(layers, activation, inputs):
    """Layers are pairs (weights, bias); each but the last is followed by the activation."""
    hidden = np.asarray(inputs, float)
    for weights, bias in layers[:-1]:
        hidden = ACTIVATIONS[activation](hidden @ np.asarray(weights, float) + np.asarray(bias, float))
    weights, bias = layers[-1]
    return hidden @ np.asarray(weights, float) + np.asarray(bias, float)


def shares(of):
    """The softmax of each row."""
    powers = np.exp(of - of.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(layers, activation, inputs, labels):
    """Minus the mean logarithm of what the softmax gives the label."""
    return -np.mean(np.log(shares(scores(layers, activation, inputs))[np.arange(len(labels)), labels]))


def slope(function, point, h=1e-6):
    """The gradient by central differences."""
    return np.array([(function(point + e) - function(point - e)) / (2 * h) for e in h * np.eye(len(point))])


def split(vector, sizes):
    """A vector as layers, in the order weights, bias, weights, ...; sizes are the numbers of units."""
    layers, at = [], 0
    for above, below in zip(sizes, sizes[1:], strict=False):
        weights = vector[at : at + above * below].reshape(above, below)
        layers.append((weights, vector[at + above * below : at + (above + 1) * below]))
        at += (above + 1) * below
    return layers

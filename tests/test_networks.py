"""Networks and their tasks: against plain NumPy, differences and the published definitions."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from networks import (
    ACTIVATIONS,
    INITIALISATIONS,
    TASKS,
    Network,
    cross_entropy,
    find_task,
    initial_parameters,
    network_for,
    probabilities,
)
from networks.network import judge
from tests import network_oracles as oracle

SIZES = (3, 5, 4, 2)
RANDOM = np.random.RandomState(2)
INPUTS, LABELS = RANDOM.normal(size=(7, 3)), np.array([0, 1, 1, 0, 1, 0, 1])
VECTOR = RANDOM.normal(0, 0.8, 6 * 4 + 20 + 10)


@pytest.mark.parametrize("key", TASKS)
def test_tasks_hold_out_every_fifth_example(key):
    task = find_task(key)
    total = task.examples + len(task.test_labels)
    assert total == {"digits": 1797}.get(key, 250)
    assert len(task.test_labels) == total // 5
    assert task.inputs.dtype == np.float32
    assert np.abs(task.inputs).max() <= 1.5
    assert set(task.labels) == set(task.test_labels) == set(range(task.classes))


def test_digits_are_the_pixels_over_sixteen_in_their_order():
    pixels, digits = load_digits(return_X_y=True)
    task = find_task("digits")
    np.testing.assert_array_equal(task.test_inputs, np.asarray(pixels, np.float32)[4::5] / 16)
    np.testing.assert_array_equal(task.labels[:5], np.asarray(digits)[[0, 1, 2, 3, 5]])


def test_points_lie_where_their_figures_are():
    circles, spirals, moons = (find_task(key) for key in ("circles", "spirals", "moons"))
    radii = np.linalg.norm(circles.inputs, axis=1)
    np.testing.assert_allclose(
        [radii[circles.labels == kind].mean() for kind in (0, 1)], [1.005, 0.51], atol=0.03
    )  # noise s adds s²/2r
    radii, angles = np.linalg.norm(spirals.inputs, axis=1), np.arctan2(*spirals.inputs.T[::-1])
    off = np.angle(np.exp(1j * (angles - 3 * np.pi * radii - np.pi * spirals.labels)))
    assert np.median(np.abs(off)) < 0.15  # the noise of 0.02, and along the arm three pi times that
    np.testing.assert_allclose(moons.inputs.mean(axis=0), 0, atol=0.02)
    assert moons.inputs[moons.labels == 0, 1].mean() > 0.15


def test_an_unknown_task_is_refused_by_name():
    with pytest.raises(ValueError, match="there is no task 'faces'; there are digits, moons"):
        find_task("faces")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_scores_loss_and_gradient_are_those_of_the_formulas(activation):
    network = Network(3, 2, (5, 4), activation)
    form = jax.tree.structure(initial_parameters(network))
    parameters = jax.tree.unflatten(form, [np.array(part) for layer in oracle.split(VECTOR, SIZES) for part in layer])

    def by_hand(vector):
        return oracle.cross_entropy(oracle.split(vector, SIZES), activation, INPUTS, LABELS)

    loss, gradient = jax.jit(jax.value_and_grad(cross_entropy(network)))(parameters, INPUTS, LABELS)
    assert loss == pytest.approx(by_hand(VECTOR), rel=1e-12)
    flat = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient)])
    np.testing.assert_allclose(flat, oracle.slope(by_hand, VECTOR), rtol=1e-6, atol=1e-8)  # what differences give
    says = oracle.shares(oracle.scores(oracle.split(VECTOR, SIZES), activation, INPUTS))
    np.testing.assert_allclose(probabilities(network, parameters, INPUTS), says, rtol=1e-12)
    _, right = judge(network, parameters, INPUTS, LABELS)
    assert right == pytest.approx(np.mean(says.argmax(axis=1) == LABELS))


@pytest.mark.parametrize(
    ("initialisation", "deviations"),
    [
        ("zeros", (0, 0)),
        ("small", (0.01, 0.01)),
        ("xavier", ((2 / 320) ** 0.5, (2 / 266) ** 0.5)),
        ("he", ((2 / 64) ** 0.5, (2 / 256) ** 0.5)),
        ("large", (1, 1)),
    ],
)
def test_first_weights_have_the_deviation_of_their_kind(initialisation, deviations):
    assert initialisation in INITIALISATIONS
    first, second = initial_parameters(Network(64, 10, (256,), "tanh", initialisation), seed=5)
    for layer, deviation in zip((first, second), deviations, strict=True):
        np.testing.assert_allclose(np.std(layer.weights), deviation, rtol=0.06)  # 2,560 numbers: 3 times 1.4 %
        assert not np.any(layer.bias)
        assert layer.weights.dtype == np.float32


def test_first_weights_come_from_the_seed_alone_and_differ_between_layers():
    square = Network(6, 6, (6,), "tanh", "large")
    one, again, other = (initial_parameters(square, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[0].weights, again[0].weights)
    assert np.abs(one[0].weights - other[0].weights).min() > 0
    assert np.abs(one[0].weights - one[1].weights).min() > 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"widths": (0,)}, "width = 0 is not allowed: a whole number from 1 to 256"),
        ({"widths": (8, 2.5)}, r"width = 2\.5 is not allowed: a whole number"),
        ({"widths": (8, 8, 8, 8)}, "at most 3 hidden layers"),
        ({"activation": "step"}, "activation = 'step' is not allowed: one of tanh, relu"),
        ({"initialisation": "ones"}, "initialisation = 'ones' is not allowed: one of zeros, small"),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(what, said):
    with pytest.raises(ValueError, match=said):
        network_for(find_task("moons"), **what)


def of_ring(k):
    return np.exp(2j * np.pi * k / 125)


def of_moon(k):
    return np.exp(1j * np.pi * k / 124) - (0.5 + 0.25j)


def of_spiral(k):
    share = np.sqrt(0.01 + 0.99 * k / 124)
    return share * np.exp(3j * np.pi * share)


@pytest.mark.parametrize(
    ("key", "curve", "other", "noise", "scale"),
    [("circles", of_ring, 0.5, 0.1, 1), ("moons", of_moon, -1, 0.12, 1.5), ("spirals", of_spiral, -1, 0.02, 1)],
)
def test_points_of_a_plane_are_two_curves_in_turns_shaken_by_seed_0(key, curve, other, noise, scale):
    task, held_out = find_task(key), np.arange(1, 251) % 5 == 0
    points = np.empty((250, 2))
    points[~held_out], points[held_out] = task.inputs, task.test_inputs
    x, y = (scale * points - np.random.RandomState(0).normal(0, noise, (250, 2))).T
    expected = curve(np.arange(125))
    np.testing.assert_allclose(x[::2] + 1j * y[::2], expected, atol=1e-6)  # kept in float32
    np.testing.assert_allclose(x[1::2] + 1j * y[1::2], other * expected, atol=1e-6)

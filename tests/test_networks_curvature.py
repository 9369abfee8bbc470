"""Sharpness of networks: against the eigenvalues of whole Hessians, and optimizers' divisors in plain NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from networks import (
    EdgeWatch,
    checked_course,
    cross_entropy,
    edge,
    find_task,
    initial_parameters,
    network_for,
    sharpness,
    train,
)
from networks.trees import as_vector, row

NETWORK, TASK = network_for(find_task("moons"), (4,)), find_task("moons")
DATA = (TASK.inputs, TASK.labels)


@jax.jit
def _hessian(vector):
    unravel = ravel_pytree(jax.tree.map(lambda leaf: leaf.astype(float), initial_parameters(NETWORK)))[1]
    return jax.hessian(lambda v: cross_entropy(NETWORK)(unravel(v), *DATA))(vector)


def hessian(parameters):
    """The whole Hessian in float64, 22 x 22."""
    return np.asarray(_hessian(as_vector(parameters)))


def quadratic(parameters, matrix):
    return parameters["p"] @ matrix @ parameters["p"] / 2


def test_sharpness_is_the_largest_eigenvalue_of_the_whole_hessian():
    parameters = initial_parameters(NETWORK, 3)
    found = sharpness(cross_entropy(NETWORK), parameters, DATA)
    values, vectors = np.linalg.eigh(hessian(parameters))
    assert found.value == pytest.approx(values[-1], rel=1e-4)
    assert abs(as_vector(found.vector) @ vectors[:, -1]) == pytest.approx(1, abs=1e-3)
    assert found.error < 1e-3 * found.value


@pytest.mark.parametrize(("values", "largest"), [((-5, -1, -0.5), -0.5), ((-9, 2, 1), 2), ((0, 0, 0), 0)])
def test_the_largest_is_meant_and_not_the_one_of_largest_size(values, largest):
    found = sharpness(quadratic, {"p": np.ones(3)}, (np.diag(np.array(values, float)),))
    assert found.value == pytest.approx(largest, abs=1e-12)
    assert found.error < 1e-10


def test_it_goes_on_where_it_begins_with_an_eigenvector():
    found = sharpness(quadratic, {"p": np.ones(3)}, (np.diag([1.0, 7.0, 3.0]),), start={"p": np.array([1.0, 0, 0])})
    assert found.value == pytest.approx(7, rel=1e-12)


def test_a_few_iterations_give_a_bound_that_holds():
    matrix = np.diag(np.linspace(1, 50, 50))
    found = sharpness(quadratic, {"p": np.ones(50)}, (matrix,), iterations=8)
    assert np.abs(np.diag(matrix) - found.value).min() <= found.error
    vector = as_vector(found.vector)
    assert found.error == pytest.approx(np.linalg.norm(matrix @ vector - found.value * vector), rel=1e-9)
    assert 0.01 < found.error


def test_scales_and_a_penalty_belong_to_the_matrix():
    draw = np.random.RandomState(0).normal(size=(6, 6))
    matrix, scale = draw + draw.T, np.array([1, 2, 0.5, 3, 0.1, 0.0])
    found = sharpness(quadratic, {"p": np.ones(6)}, (matrix,), scale={"p": scale}, l2=0.7)
    wanted = np.linalg.eigvalsh(scale[:, None] * (matrix + 0.7 * np.eye(6)) * scale)[-1]
    assert found.value == pytest.approx(wanted, rel=1e-10)


def test_where_the_loss_is_not_finite_there_is_no_sharpness():
    assert np.isnan(sharpness(lambda p: jnp.sum(jnp.log(p)), np.array([0.0, 1.0])).value)


def test_along_gradient_descent_it_is_held_against_two_over_the_rate():
    made = train(
        TASK, NETWORK, "gradient_descent", steps=60, learning_rate=0.8, schedule="polynomial", final=0.5, l2=0.1
    )
    found = edge(made)
    np.testing.assert_array_equal(found.numbers, np.arange(0, 61, 2))
    wanted = [np.linalg.eigvalsh(hessian(row(made.parameters, k)))[-1] + 0.1 for k in made.marks]
    np.testing.assert_allclose(found.sharpness, wanted, rtol=1e-3)
    np.testing.assert_allclose(found.limits, 2 / (0.8 * (1 - 0.5 * found.numbers / 60)), rtol=1e-6)
    assert not found.preconditioned and found.words == "2/η"


def test_adams_is_preconditioned_with_what_it_divides_by():
    made = train(TASK, NETWORK, "adam", steps=40, learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-3)
    found = edge(made)
    slopes = [as_vector(jax.grad(cross_entropy(NETWORK))(row(made.parameters, k), *DATA)) for k in range(41)]
    squares, wanted = np.zeros(22), []
    for number, slope in enumerate(slopes):
        squares = 0.95 * squares + 0.05 * slope**2
        divisor = (1 - 0.8 ** (number + 1)) * (np.sqrt(squares / (1 - 0.95 ** (number + 1))) + 1e-3)
        scale = 1 / np.sqrt(divisor)
        wanted.append(np.linalg.eigvalsh(scale[:, None] * hessian(row(made.parameters, number)) * scale)[-1])
    np.testing.assert_array_equal(found.numbers, np.arange(41))
    np.testing.assert_allclose(found.sharpness, wanted, rtol=1e-3)
    np.testing.assert_allclose(found.limits, 2 * 1.8 / (0.2 * 0.02), rtol=1e-6)
    assert found.preconditioned


def test_it_stops_where_it_is_told_to_and_knows_when_no_limit_is_known():
    made = train(TASK, NETWORK, "gradient_descent", steps=60, learning_rate=0.8)
    seen = []
    found = edge(made, report=lambda found, of: seen.append((*found.numbers, of)) or len(found.numbers) < 3)
    assert seen == [(0, 31), (0, 2, 31), (0, 2, 4, 31)]
    assert len(found.sharpness) == len(found.numbers) == len(found.limits) == 3
    lion = edge(train(TASK, NETWORK, "lion", steps=0))
    assert np.isnan(lion.limits).all() and lion.words == "" and np.isfinite(lion.sharpness).all()


@pytest.mark.parametrize(("optimizer", "rate"), [("gradient_descent", 0.8), ("adam", 0.02)])
def test_what_goes_along_with_a_training_finds_what_is_found_after_it(optimizer, rate):
    settings = {"learning_rate": rate, "schedule": "polynomial", "final": 0.5}
    watch = EdgeWatch(checked_course(TASK, NETWORK, optimizer, 60, 0, settings))
    seen = []
    made = train(
        TASK, NETWORK, optimizer, steps=60, **settings, follow=watch.add,
        report=lambda progress: seen.append(len(watch.found().numbers)) and None,
    )  # fmt: skip
    wanted = edge(made)
    np.testing.assert_allclose(watch.found().sharpness, wanted.sharpness, rtol=1e-6)
    np.testing.assert_array_equal(watch.found().numbers, wanted.numbers)
    np.testing.assert_array_equal(watch.found().limits, wanted.limits)
    assert seen == list(range(1, len(wanted.numbers)))  # point by point, the last after the last report


def test_places_of_a_training_that_breaks_are_those_that_are_kept():
    linear = network_for(TASK, (4,), "linear", "large")
    watch = EdgeWatch(checked_course(TASK, linear, "gradient_descent", 60, 0, {"learning_rate": 1e6}))
    made = train(TASK, linear, "gradient_descent", steps=60, learning_rate=1e6, follow=watch.add)
    assert made.status == "diverged" and made.length % 2  # with the first step of a piece
    np.testing.assert_array_equal(watch.found().numbers, made.numbers[made.marks])
    np.testing.assert_array_equal(edge(made).sharpness, watch.found().sharpness)


def test_gradient_descent_comes_to_the_edge_of_stability_and_stays_there():
    """Cohen et al. 2021, arXiv:2103.00065: what the page's example of that name shows."""
    spirals = find_task("spirals")
    made = train(
        spirals, network_for(spirals, (16, 16), "tanh", "xavier"), "gradient_descent", steps=1600, learning_rate=0.2
    )
    found = edge(made)
    share = found.sharpness / (2 / 0.2)
    arrives = int(np.argmax(share > 0.9))
    assert share[0] < 0.25 and found.numbers[arrives] > 400  # it is a long way up
    assert np.all(np.diff(share[3:arrives]) > 0)
    assert found.numbers[arrives] < 800 and share.max() < 1.4  # then it shoots over once
    assert np.all(np.abs(share[arrives + 4 :] - 1) < 0.05)
    losses = made.train_losses[made.marks]
    assert losses[-1] < 0.6 * losses[arrives]

"""The fields: grids, gradients and curvatures against closed forms."""

import numpy as np
import pytest

from engine import gradient_field, hessian_eigenvalues, loss_grid
from engine.field import hessian_matrices, losses_at

POINTS = np.random.default_rng(5).uniform(-2, 2, (13, 2))


def rosenbrock_hessian(x, y):
    off = -400 * x
    return np.moveaxis(np.array([[2 - 400 * y + 1200 * x**2, off], [off, np.full_like(x, 200)]]), -1, 0)


def test_loss_grid_rows_are_y_and_columns_are_x():
    grid = loss_grid("rosenbrock", 11)
    x, y = np.meshgrid(np.linspace(-2, 2, 11), np.linspace(-1, 3, 11))
    np.testing.assert_allclose(grid.losses, (1 - x) ** 2 + 100 * (y - x**2) ** 2, rtol=1e-13)
    np.testing.assert_array_equal(grid.x, x[0])
    np.testing.assert_array_equal(grid.y, y[:, 0])


def test_loss_grid_follows_the_parameters():
    grid = loss_grid("ravine", 5, condition_number=10)
    x, y = np.meshgrid(grid.x, grid.y)
    np.testing.assert_allclose(grid.losses, (x**2 + 10 * y**2) / 2, rtol=1e-15)


def test_loss_grid_is_fine_enough_for_a_picture_unless_told_otherwise():
    assert loss_grid("bowl").losses.shape == (201, 201)


def test_losses_at_follow_points_and_parameters():
    x, y = POINTS.T
    np.testing.assert_allclose(losses_at("ravine", POINTS, condition_number=7), (x**2 + 7 * y**2) / 2, rtol=1e-15)


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 5001])
def test_any_number_of_points_is_computed_in_order_and_compiles_nothing(count, compilations):
    points = np.random.default_rng(count).uniform(-2, 2, (count, 2))
    for field in (losses_at, gradient_field, hessian_matrices):
        field("ravine", POINTS)
    compilations.clear()
    losses = losses_at("ravine", points, condition_number=3 + count % 900)
    gradients = gradient_field("ravine", points, condition_number=3 + count % 900)
    matrices = hessian_matrices("ravine", points, condition_number=3 + count % 900)
    assert compilations == []
    np.testing.assert_allclose(losses, (points**2 @ [1, 3 + count % 900]) / 2, rtol=1e-14)
    np.testing.assert_allclose(gradients, points * [1, 3 + count % 900], rtol=1e-14)
    np.testing.assert_allclose(matrices, np.tile(np.diag([1.0, 3 + count % 900]), (count, 1, 1)), rtol=1e-14)


def test_gradient_field_is_the_closed_form():
    x, y = POINTS.T
    expected = np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)
    np.testing.assert_allclose(gradient_field("rosenbrock", POINTS), expected, rtol=1e-12)


def test_hessian_matrices_are_the_closed_form():
    expected = rosenbrock_hessian(*POINTS.T)
    np.testing.assert_allclose(hessian_matrices("rosenbrock", POINTS), expected, rtol=1e-12)


def test_hessian_eigenvalues_are_ascending_and_those_of_lapack():
    expected = np.linalg.eigvalsh(rosenbrock_hessian(*POINTS.T))
    # Absolute to the larger eigenvalue: the smaller is a difference of numbers of its size.
    np.testing.assert_allclose(hessian_eigenvalues("rosenbrock", POINTS), expected, rtol=1e-10, atol=1e-9)


def test_hessian_eigenvalues_at_the_rosenbrock_minimum_give_its_stability_limit():
    ((_, largest),) = hessian_eigenvalues("rosenbrock", [(1, 1)])
    assert 2 / largest == pytest.approx(0.0019968, rel=1e-4)


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_fields_take_any_number_of_points(count):
    assert gradient_field("bowl", POINTS[:count].reshape(-1, 2)).shape == (count, 2)
    np.testing.assert_allclose(gradient_field("bowl", POINTS[:count].reshape(-1, 2)), 2 * POINTS[:count])


def test_fields_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="no landscape 'everest'"):
        loss_grid("everest")
    with pytest.raises(ValueError, match="bowl has no parameter 'slope'; it has: none"):
        loss_grid("bowl", slope=3)
    with pytest.raises(ValueError, match="condition_number = -1 is not allowed: a number from 1 to 1000"):
        hessian_eigenvalues("ravine", POINTS, condition_number=-1)

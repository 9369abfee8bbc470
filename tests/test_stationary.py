"""Being at a minimum: told apart from a saddle, a plateau, a slope and a place nearby."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from engine import descend
from engine.field import gradient_field, hessian_matrices
from engine.stationary import grounds, is_at_minimum
from landscapes import LANDSCAPES


def landscape(loss, minima=()):
    return dataclasses.replace(
        LANDSCAPES["bowl"],
        key="own",
        loss=loss,
        minima=minima,
        minimum=0 if minima else None,
        domain=((-5, 5), (-5, 5)),
    )


BOWL = landscape(lambda p: p[0] ** 2 + 25 * p[1] ** 2)
TINY_BOWL = landscape(lambda p: 1e-12 * (p[0] ** 2 + 25 * p[1] ** 2))
SADDLE = landscape(lambda p: p[0] ** 2 - 25 * p[1] ** 2)
MAXIMUM = landscape(lambda p: -(p[0] ** 2) - p[1] ** 2)
GENTLE_SLOPE = landscape(lambda p: 1e-12 * p[0] + 0 * p[1])
FLAT = landscape(lambda p: 0 * p[0] + 7)
VALLEY = landscape(lambda p: (1 - p[0] * p[1]) ** 2 / 2)
KINK = landscape(lambda p: abs(p[0]) + abs(p[1]), minima=((0, 0),))
KINK_ELSEWHERE = landscape(lambda p: abs(p[0] - 1) + abs(p[1] - 2), minima=((1, 2),))


@pytest.mark.parametrize(
    ("surface", "point", "expected"),
    [
        (BOWL, (0, 0), True),
        (BOWL, (9e-4, 9e-4), True),  # 1e-4 of a side of 10 is 1e-3
        (BOWL, (1.1e-3, 0), False),
        (BOWL, (0, 1.1e-3), False),
        (TINY_BOWL, (0.5, 0.5), False),  # the gradient norm there is 2.5e-11
        (TINY_BOWL, (1e-4, 1e-4), True),
        (SADDLE, (0, 0), False),
        (SADDLE, (1e-4, 0), False),
        (MAXIMUM, (0, 0), False),
        (GENTLE_SLOPE, (0, 0), False),
        (FLAT, (0, 0), False),
        (VALLEY, (2, 0.5), True),  # one of a curve of minima: no curvature along it
        (VALLEY, (2, 0.51), False),
        (VALLEY, (0, 0), False),  # its saddle
        (KINK, (5e-4, 5e-4), True),
        (KINK, (0.1, 0), False),
        (KINK_ELSEWHERE, (1, 2.0005), True),
        (KINK_ELSEWHERE, (-1, -2), False),
        (BOWL, (np.inf, 0), False),
    ],
)
def test_is_at_minimum_is_about_place_and_curvature_not_slope(surface, point, expected):
    assert is_at_minimum(surface, np.array(point, float)) is expected


@pytest.mark.parametrize(
    ("fall", "y", "expected"),
    [
        # On the floor: to be seen, the fall over the circle's radius 0.1 has to pass 1e-6 x 100 x 0.1^2 = 1e-6.
        (5e-4, 0, True),
        (2e-3, 0, False),
        # Off the floor by 9e-4, where the loss is 50 x 9e-4^2 = 4.05e-5 above it: the floor is what counts.
        (0.03, 9e-4, True),
        (0.06, 9e-4, False),
    ],
)
def test_is_at_minimum_looks_around_where_a_direction_is_flat(fall, y, expected):
    """50 y^2 - fall x^3: at x = 0 neither slope nor curvature along x tells that it goes down there."""
    surface = landscape(lambda p: 50 * p[1] ** 2 - fall * p[0] ** 3)
    assert is_at_minimum(surface, np.array([0.0, y])) is expected


@pytest.mark.parametrize("key", [key for key, entry in LANDSCAPES.items() if entry.minima])
def test_is_at_minimum_holds_at_every_known_minimum_and_not_at_the_start(key):
    entry = LANDSCAPES[key]
    for minimum in entry.minima:
        assert is_at_minimum(entry, np.array(minimum))
    assert not is_at_minimum(entry, np.array(entry.start))


@pytest.mark.parametrize("key", LANDSCAPES)
def test_is_at_minimum_never_holds_at_a_known_saddle(key):
    entry = LANDSCAPES[key]
    assert not any(is_at_minimum(entry, np.array(saddle)) for saddle in entry.saddles)


def test_status_of_a_run_that_crawls_on_a_slope_is_running():
    assert descend("rosenbrock", "gradient_descent", learning_rate=1e-5, steps=100).status == "running"


def test_status_of_a_run_that_arrives_is_converged():
    assert descend("bowl", "gradient_descent", learning_rate=0.1, steps=60).status == "converged"


@pytest.mark.parametrize("abyss", [lambda p: jnp.log(p[0] ** 2 + p[1] ** 2), lambda p: jnp.log(p[0]) + p[1] ** 2])
def test_slope_beside_an_abyss_or_no_ground_is_no_plateau(abyss):
    """The lowest loss on the map is that of a number: minus infinity would make every other slope level beside it."""
    surface, points = landscape(abyss), np.array([[2.0, 2.0]])
    gradients, matrices = gradient_field(surface, points), hessian_matrices(surface, points)
    assert grounds(surface, points, gradients, matrices).tolist() == ["slope"]


def test_plateau_beside_ground_without_a_number_is_a_plateau():
    surface, points = landscape(lambda p: jnp.where(p[0] < -4, jnp.nan, -jnp.exp(-9 * p @ p))), np.array([[3.0, 3.0]])
    gradients, matrices = gradient_field(surface, points), hessian_matrices(surface, points)
    assert grounds(surface, points, gradients, matrices).tolist() == ["plateau"]

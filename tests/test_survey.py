"""What is found about a typed formula: its stationary points against published ones, and a map that shows them."""

import numpy as np
import pytest

from engine import descend
from engine.survey import landscape_from_formula, stationary_points
from landscapes import LANDSCAPES

HIMMELBLAU = "(x**2 + y - 11)**2 + (x + y**2 - 7)**2"
CAMEL = "(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + 4*(y**2 - 1)*y**2"


def sorted_points(points):
    return np.array(sorted(points)) if points else np.zeros((0, 2))


def test_survey_finds_the_published_minima_of_himmelblau():
    found = landscape_from_formula(HIMMELBLAU)
    np.testing.assert_allclose(sorted_points(found.minima), sorted_points(LANDSCAPES["himmelblau"].minima), atol=1e-6)
    assert found.minimum == pytest.approx(0, abs=1e-15) and len(found.saddles) == 4 and found.local_minima == ()
    assert found.height == "log"


def test_survey_tells_the_lowest_minima_of_the_camel_from_the_others():
    found = landscape_from_formula(CAMEL)
    camel = LANDSCAPES["six_hump_camel"]
    assert found.minimum == pytest.approx(-1.0316284534898774, rel=1e-12)  # Jamil & Yang 2013: -1.0316
    np.testing.assert_allclose(sorted_points(found.minima), sorted_points(camel.minima), atol=1e-4)
    assert len(found.minima) == 2 and len(found.local_minima) == 4


def test_survey_of_a_saddle_knows_no_minimum():
    found = landscape_from_formula("x**2 - y**2")
    np.testing.assert_allclose(found.saddles, [(0, 0)], atol=1e-12)
    assert found.minima == () and found.minimum is None and found.local_minima == ()


def test_survey_of_a_minimum_above_lower_ground_calls_it_local():
    found = landscape_from_formula("x**3 - 3*x + y**2")  # a minimum at (1, 0), and no floor towards -x
    np.testing.assert_allclose(found.local_minima, [(1, 0)], atol=1e-9)
    np.testing.assert_allclose(found.saddles, [(-1, 0)], atol=1e-9)
    assert found.minima == () and found.minimum is None


@pytest.mark.parametrize(
    "text",
    ["3", "x + y", "log(x) + y**2", "sqrt(x - 2)", "abs(x) + abs(y)", "1/x", "exp(x*y)", "where(x < 0, x**2, 2*x)"],
)
def test_survey_of_anything_is_a_map_on_which_a_run_begins(text):
    found = landscape_from_formula(text)
    run = descend(found, "gradient_descent", steps=20, learning_rate=1e-3)
    assert np.isfinite(run.losses[0]) and run.start == found.start
    assert all(low < high for low, high in found.domain)


@pytest.mark.parametrize("text", [HIMMELBLAU, CAMEL, "x**2 + y**2", "sin(x)*cos(y)", "(1 - x)**2 + 100*(y - x**2)**2"])
def test_survey_starts_high_enough_to_have_somewhere_to_go(text):
    found = landscape_from_formula(text)
    run = descend(found, "adam", steps=500)
    assert found.minimum is not None and run.losses[0] > found.minimum + 0.1
    assert run.losses[run.length] < run.losses[0]


def test_survey_finds_no_point_twice_and_only_points_without_slope():
    found = landscape_from_formula("sin(x)*cos(y)", domain=((-5, 5), (-5, 5)))
    wanted = [(a, b) for a in (np.pi / 2, -3 * np.pi / 2) for b in (np.pi, -np.pi)] + [
        (a, 0.0) for a in (-np.pi / 2, 3 * np.pi / 2)
    ]  # sin = 1 and cos = -1, or sin = -1 and cos = 1
    np.testing.assert_allclose(sorted_points(found.minima), sorted_points(wanted), atol=1e-8)
    assert found.minimum == pytest.approx(-1, rel=1e-15)
    assert len(stationary_points(found).minima) > len(found.minima)  # it looks further than the map


def test_survey_keeps_what_is_given():
    found = landscape_from_formula("x**2 + y**2", domain=((-1, 4), (0, 2)), start=(3, 1))
    assert found.domain == ((-1, 4), (0, 2)) and found.start == (3, 1) and found.minima == ((0, 0),)


def test_survey_refuses_a_map_without_a_number():
    with pytest.raises(ValueError, match="no finite value"):
        landscape_from_formula("log(0 - x**2 - 1)")
    with pytest.raises(ValueError, match="outside its domain"):
        landscape_from_formula("x**2", domain=((-1, 1), (-1, 1)), start=(5, 0))

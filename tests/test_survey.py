"""What is found about a typed formula: its stationary points against published ones, and a map that shows them."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine import descend, gradient_field
from engine.kept import FORMULAS
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


def test_survey_of_the_same_text_is_the_same_landscape_and_compiles_nothing(compilations):
    first = landscape_from_formula("x**2 + 5*y**2")
    descend(first, "momentum", steps=3)
    compilations.clear()
    again = landscape_from_formula("  x**2 + 5*y**2 ")
    assert again is first and again.formula == "x**2 + 5*y**2"
    descend(again, "momentum", steps=7, learning_rate=0.01)
    assert compilations == []


def test_survey_lets_old_formulas_go():
    text = "x**2 + 17*y**2"
    gone = weakref.ref(landscape_from_formula(text))
    loss = weakref.ref(landscape_from_formula(text).loss)
    for number in range(2 * FORMULAS):
        landscape_from_formula(f"{number}*x")
    gc.collect()
    assert gone() is None and loss() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log(x) + y**2", "no finite value on 51 % of the map"),  # 31 columns of 61: x <= 0, and log(0) is not finite
        ("where(x < 0, x, 1/0*y)", "no finite value on 51 % of the map"),  # x >= 0: there 1/0*y is infinite or NaN
        ("1/(x*x + y*y)", "no finite value at some places"),
        ("3", "the same value everywhere"),
        ("0*x", "the same value everywhere"),
        ("x + y", "No minimum and no saddle was found within 10"),
        ("x**3 - 3*x + y**2", "lower ground than at any minimum"),
        ("x**2 + y**2", "there may be others"),
    ],
)
def test_survey_says_what_the_map_lacks(text, said):
    assert said in landscape_from_formula(text).notes


def test_survey_shows_a_saddle_beside_a_lone_minimum():
    found = landscape_from_formula("(x**2 + y**2 - 4)**2/8 + x/2")
    # On the x axis x³ - 4x + 1 = 0: a saddle at 1.8608, a maximum at 0.2541 and the minimum at -2.1149.
    roots = sorted(np.roots([1, 0, -4, 1]).real)
    np.testing.assert_allclose(found.minima, [(roots[0], 0)], atol=1e-9)
    np.testing.assert_allclose(found.saddles, [(roots[2], 0)], atol=1e-9)


@pytest.mark.parametrize("text", [HIMMELBLAU, "x**2 + y**2", "sqrt(x) + y**2", "x + y"])
def test_survey_starts_off_the_edge_where_there_is_a_slope(text):
    found = landscape_from_formula(text)
    for value, (low, high) in zip(found.start, found.domain, strict=True):
        assert low < value < high
    assert np.isfinite(gradient_field(found, [found.start])).all()


def test_survey_searches_one_formula_at_a_time_and_once():
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(landscape_from_formula, ["x**2 + 23*y**2"] * 8))
    assert all(landscape is found[0] for landscape in found)

"""What a run came to, against runs whose end is known in closed form."""

import math

import numpy as np
import pytest

from engine import descend, diagnose
from ui.outcome import distances, facts, gradient_norms, outside, remarks

RATE = 0.25
"""On x² + y² gradient descent then halves the point with each step."""


def halving(steps=6, start=(4.0, 3.0)):
    return descend("bowl", "gradient_descent", start=start, steps=steps, learning_rate=RATE)


def test_distances_and_gradient_norms_halve_with_the_point():
    t = halving()
    expected = 5.0 / 2 ** np.arange(7)
    away = distances(t)
    assert away is not None
    np.testing.assert_allclose(away, expected, rtol=1e-15)
    np.testing.assert_allclose(gradient_norms(t), 2 * expected, rtol=1e-15)


def test_distance_is_to_the_nearest_of_several_minima():
    t = descend("himmelblau", "gradient_descent", start=(-3.0, 3.0), steps=0)
    away = distances(t)
    assert away is not None
    assert away[0] == pytest.approx(math.hypot(-2.805118 + 3, 3.131312 - 3), abs=1e-5)


def test_distances_are_none_where_no_minimum_is_known():
    assert distances(descend("saddle", "gradient_descent", steps=1)) is None


def test_facts_are_the_last_row_in_print():
    assert facts(halving()) == {
        "Verdict": "↘ Still descending",
        "Steps": "6",
        "Loss": "25 → 0.0061",
        "Ends at": "(0.0625, 0.0469)",
        "To the nearest minimum": "0.0781",
        "Gradient norm": "0.156",
    }


def test_facts_of_a_run_that_ended_early_name_both_step_counts():
    t = descend("bowl", "gradient_descent", start=(4, 3), steps=300, learning_rate=0.5)  # one step to the minimum
    assert facts(t)["Steps"] == f"{t.length} of 300"
    assert facts(t)["Verdict"] == "✓ Converged"


def test_facts_where_no_minimum_is_known_say_so():
    assert facts(descend("saddle", "gradient_descent", steps=1))["To the nearest minimum"] == "none is known"


def test_remarks_are_the_reason_of_the_verdict():
    t = halving()
    assert remarks(t) == diagnose(t).reason
    assert remarks(t).startswith("It is on its way, and 6 steps were not enough: the loss went from 25 to 0.0061")


def test_remarks_say_when_the_run_left_the_map():
    t = descend("bowl", "gradient_descent", start=(5, 0), steps=3, learning_rate=1.09)  # x times −1.18 a step
    assert outside(t).tolist() == [False, False, True, True]  # 5, −5.9, 6.962, −8.215
    assert remarks(t).endswith("It leaves the map at step 2.")


def test_remarks_say_when_it_comes_back():
    t = descend("bowl", "momentum", start=(5, 0), steps=3, learning_rate=1.15, momentum=0.5)
    assert outside(t).tolist() == [False, True, False, False]  # 5, −6.5, 2.7, 1.09
    assert remarks(t).endswith("It leaves the map at step 1 and comes back.")


def test_remarks_say_once_that_a_diverged_run_left_the_map():
    t = descend("bowl", "gradient_descent", start=(5, 0), steps=60, learning_rate=1.09)
    assert remarks(t).count("leaves the map") == 1
    assert "η·λ = 2.18 > 2" in remarks(t)


def test_edge_of_the_map_is_on_the_map():
    assert outside(descend("bowl", "gradient_descent", start=(6, -6), steps=0)).tolist() == [False]


def test_remarks_say_where_the_run_comes_onto_the_map():
    start = "The start (40, 0) is outside the map"
    assert remarks(halving(start=(40, 0))).endswith(f"{start}; the run comes onto it at step 3.")  # 40, 20, 10, 5
    assert remarks(halving(steps=1, start=(40, 0))).endswith(f"{start}, and so is the whole run.")


def test_remarks_name_the_first_step_that_is_not_finite():
    t = descend("bowl", "gradient_descent", start=(5, 0), steps=500, learning_rate=1e6)  # times about −2e6 a step
    # the loss overflows when |x| > 1.3e154: 5 (2e6)^n gets there at n = 25
    assert t.length == 24
    assert remarks(t).endswith("At step 25 the numbers are no longer finite.")


def test_remarks_name_a_rest_that_is_no_minimum():
    t = descend("saddle", "gradient_descent", start=(0, 0), steps=50)
    assert facts(t)["Verdict"] == "✕ At a saddle"
    assert "the ground rises one way (curvature 2) and falls the other (−2)" in remarks(t)


def test_remarks_say_when_there_is_no_loss_at_the_start():
    t = descend("rosenbrock", "gradient_descent", start=(1e100, 0), steps=5)
    assert remarks(t).startswith("The loss is not a finite number at the start (1 × 10¹⁰⁰, 0)")

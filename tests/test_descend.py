"""The runs: what a trajectory holds, where it ends, what is refused, and that nothing compiles twice."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from engine import MAX_STEPS, descend
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(x, y):
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)


def test_descend_rows_are_the_loss_and_gradient_at_each_point():
    run = descend("rosenbrock", "gradient_descent", start=(-1.2, 1), steps=300, learning_rate=1e-3)
    x, y = run.points.T
    assert run.points.shape == (301, 2) and run.gradients.shape == (301, 2) and run.losses.shape == (301,)
    # Relative to the terms that are subtracted, which are up to 1e3 times the result: a few float64 roundings.
    np.testing.assert_allclose(run.losses, rosenbrock(x, y), rtol=1e-11)
    np.testing.assert_allclose(run.gradients, rosenbrock_gradient(x, y), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(run.points[1:], run.points[:-1] - 1e-3 * run.gradients[:-1], rtol=1e-13)
    np.testing.assert_array_equal(run.learning_rates, np.full(300, 1e-3))


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.3, 2.2), (0.1, 1 / 3)])
def test_descend_begins_at_the_exact_start(start):
    run = descend("rosenbrock", "adam", start=start, steps=3)
    assert tuple(run.points[0]) == start == run.start


def test_descend_begins_at_the_landscapes_start_unless_told_otherwise():
    assert descend("rosenbrock", "adam", steps=1).start == LANDSCAPES["rosenbrock"].start


def test_descend_on_one_weight_reaches_the_geometric_series():
    run = descend("bowl", "gradient_descent", start=(5, 0), steps=20, learning_rate=0.1)
    np.testing.assert_allclose(run.points[:, 0], 5 * 0.8 ** np.arange(21), rtol=1e-14)  # 20 products in float64
    assert run.length == 20 and run.status == "running"


def test_descend_zero_steps_is_the_start_alone():
    run = descend("rosenbrock", "adam", steps=0)
    assert run.points.shape == (1, 2) and run.learning_rates.shape == (0,) and run.length == 0
    assert run.losses[0] == pytest.approx(24.2, rel=1e-15) and run.status == "running"


def test_descend_takes_the_most_steps_it_allows():
    run = descend("rosenbrock", "gradient_descent", steps=MAX_STEPS, learning_rate=1e-3)
    assert run.length == MAX_STEPS and np.isfinite(run.points).all()


def test_descend_ends_where_the_next_row_is_not_finite():
    run = descend("rosenbrock", "gradient_descent", start=(-1.2, 1), steps=50, learning_rate=10)
    x, y, finite = -1.2, 1.0, [(-1.2, 1.0)]
    with np.errstate(over="ignore", invalid="ignore"):  # the overflow is what is tested
        while True:
            slope = rosenbrock_gradient(x, y)
            x, y = x - 10 * slope[0], y - 10 * slope[1]
            if not np.isfinite([rosenbrock(x, y), *rosenbrock_gradient(x, y)]).all():
                break
            finite.append((x, y))
    assert run.status == "diverged" and not run.at_rest
    assert run.length == len(finite) - 1
    np.testing.assert_allclose(run.points[: len(finite)], finite, rtol=1e-9)
    for rows in (run.points, run.losses, run.gradients):
        assert np.isnan(rows[run.length + 1 :]).all() and np.isfinite(rows[: run.length + 1]).all()


def test_descend_from_a_start_whose_loss_overflows_is_diverged_at_once():
    run = descend("rosenbrock", "adam", start=(1e90, 0), steps=10)
    assert run.status == "diverged" and run.length == 0
    assert tuple(run.points[0]) == (1e90, 0) and np.isnan(run.losses).all()


def test_descend_landing_on_the_minimum_comes_to_rest_there():
    run = descend("bowl", "gradient_descent", start=(5, 3), steps=100, learning_rate=0.5)
    assert run.length == 1 and run.at_rest and run.status == "converged"
    np.testing.assert_array_equal(run.points[:2], [(5, 3), (0, 0)])
    assert np.isnan(run.points[2:]).all()


def test_descend_exactly_on_a_saddle_rests_and_has_not_converged():
    run = descend("saddle", "gradient_descent", start=(0, 0), steps=10)
    assert run.at_rest and run.length == 0 and run.status == "running"


def test_descend_a_still_step_with_momentum_left_is_not_the_end():
    """The first step from a stationary point of x is still; heavy ball keeps its speed through the turning point."""
    run = descend("bowl", "momentum", start=(1, 0), steps=400, learning_rate=0.1, momentum=0.9)
    velocity, x, path = 0.0, 1.0, [1.0]
    for _ in range(400):
        velocity = 0.9 * velocity + 2 * x
        x -= 0.1 * velocity
        path.append(x)
    np.testing.assert_allclose(run.points[:, 0], path, atol=1e-12)  # contraction: roundings do not add up
    assert run.length == 400 and run.status == "converged"


@pytest.mark.parametrize(("factor", "settles"), [(0.998, True), (1.002, False)])
def test_descend_gradient_descent_settles_just_below_the_stability_limit(factor, settles):
    """On (x^2 + 50 y^2)/2 the limit is 2/50; each step multiplies y by 1 - 50 x rate."""
    rate = factor * 2 / 50
    run = descend("ravine", "gradient_descent", condition_number=50, start=(0, 1), steps=200, learning_rate=rate)
    np.testing.assert_allclose(run.points[:, 1], (1 - 50 * rate) ** np.arange(201), rtol=1e-11)
    assert bool(abs(run.points[-1, 1]) < 1) == settles


def test_descend_parameters_of_the_landscape_reach_the_loss():
    run = descend("ravine", "gradient_descent", condition_number=37, start=(0.5, 0.25), steps=0)
    assert run.losses[0] == pytest.approx((0.5**2 + 37 * 0.25**2) / 2, rel=1e-15)
    assert run.parameters == {"condition_number": 37}


def test_descend_runs_an_entry_of_ones_own():
    own = dataclasses.replace(LANDSCAPES["bowl"], key="own", loss=lambda p: 3 * p[0] ** 2 + p[1] ** 4, start=(1, 1))
    run = descend(own, OPTIMIZERS["gradient_descent"], steps=1, learning_rate=0.1)
    np.testing.assert_allclose(run.points[1], (1 - 0.6, 1 - 0.4), rtol=1e-15)


def test_descend_computes_in_float64():
    run = descend("bowl", "gradient_descent", start=(1 + 1e-12, 0), steps=1, learning_rate=0.25)
    assert run.points[1, 0] == (1 + 1e-12) / 2
    assert jnp.asarray(1.0).dtype == jnp.float64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("everest", "adam", {}), r"no landscape 'everest'; there are .*rosenbrock"),
        (("bowl", "adamant", {}), r"no optimizer 'adamant'; there are .*adam"),
        (("bowl", "adam", {"momentum": 0.9}), r"no setting 'momentum'; it takes learning_rate"),
        (("bowl", "adam", {"condition_number": 5}), r"no setting 'condition_number'"),
        (("bowl", "adam", {"beta1": 1.0}), r"beta1 = 1.0 is not allowed: a number from 0 to 0.999999"),
        (("bowl", "adam", {"learning_rate": float("nan")}), r"learning_rate = nan is not allowed"),
        (("bowl", "adam", {"learning_rate": "fast"}), r"learning_rate = 'fast' is not allowed"),
        (("bowl", "adam", {"learning_rate": True}), r"learning_rate = True is not allowed"),
        (("ravine", "adam", {"condition_number": 0}), r"condition_number = 0 is not allowed"),
        (("bowl", "adam", {"steps": 10.5}), r"steps = 10.5 is not allowed: a whole number from 0 to 5000"),
        (("bowl", "adam", {"steps": MAX_STEPS + 1}), r"steps = 5001 is not allowed"),
        (("bowl", "adam", {"steps": -1}), r"steps = -1 is not allowed"),
        (("bowl", "adam", {"seed": -1}), r"seed = -1 is not allowed"),
        (("bowl", "adam", {"start": (0, float("inf"))}), r"start = \(0, inf\) is not allowed: two finite numbers"),
        (("bowl", "adam", {"start": (1, 2, 3)}), r"start = \(1, 2, 3\) is not allowed"),
        (("bowl", "adam", {"start": 5}), r"start = 5 is not allowed"),
        (("bowl", "adam", {"start": "ab"}), r"start = 'ab' is not allowed"),
    ],
)
def test_descend_refuses_naming_the_value_and_what_is_allowed(arguments, message):
    surface, method, settings = arguments
    with pytest.raises(ValueError, match=message):
        descend(surface, method, **settings)


@pytest.mark.parametrize("key", list({method.needs: key for key, method in OPTIMIZERS.items()}.values()))
def test_descend_compiles_once_for_all_settings_starts_and_steps_of_a_pair(key, compilations):
    """With the parameters of a landscape; on one without them test_optimizers asks it of every optimizer."""
    surface, optimizer = LANDSCAPES["ravine"], OPTIMIZERS[key]
    descend(surface, key, steps=5)
    compilations.clear()
    for steps in (0, 7, 600):
        knobs = {name: 0.9 * knob.default + 0.1 * knob.high for name, knob in optimizer.knobs.items()}
        whole = {name: round(value) for name, value in knobs.items() if optimizer.knobs[name].integer}
        settings: dict[str, Any] = knobs | whole | {name: knob.low for name, knob in surface.parameters.items()}
        descend(surface, key, steps=steps, start=(0.1 * steps, 0.5), seed=steps, **settings)
    assert compilations == []


def test_names_of_knobs_and_parameters_do_not_collide():
    """Both arrive in descend as keywords, with its own."""
    knobs = {name for entry in OPTIMIZERS.values() for name in entry.knobs}
    parameters = {name for entry in LANDSCAPES.values() for name in entry.parameters}
    assert not knobs & parameters
    assert not (knobs | parameters) & {"landscape", "optimizer", "start", "steps", "seed"}


def test_rate_changes_are_an_optax_loop_whose_rate_changes_there():
    """Adam from optax by hand, one step at a time, with the state kept where the rate changes."""
    rates = [0.05] * 30 + [0.4] * 25 + [0.001] * 45
    point, state = jnp.array([-1.2, 1.0]), None
    path = [point]
    for rate in rates:
        tx = optax.adam(rate)
        state = tx.init(point) if state is None else state
        update, state = tx.update(jnp.array(rosenbrock_gradient(*np.asarray(point))), state, point)
        point = optax.apply_updates(point, update)
        path.append(jnp.asarray(point))
    run = descend("rosenbrock", "adam", steps=100, learning_rate=0.05, rate_changes={55: 0.001, 30: 0.4})
    np.testing.assert_allclose(run.points, path, rtol=1e-9, atol=1e-12)
    assert run.learning_rates.tolist() == rates and run.rate_changes == ((30, 0.4), (55, 0.001))


def test_rate_changes_leave_the_past_as_it_was():
    plain = descend("rosenbrock", "momentum", steps=200)
    changed = descend("rosenbrock", "momentum", steps=200, rate_changes={120: 0})
    np.testing.assert_array_equal(changed.points[:121], plain.points[:121])
    assert np.all(changed.points[120:] == changed.points[120])  # without a rate it stays where it was


def test_rate_changes_wake_a_run_that_stands_still():
    run = descend("bowl", "gradient_descent", start=(8, 0), steps=5, learning_rate=0, rate_changes={3: 0.25})
    assert run.points[:, 0].tolist() == [8, 8, 8, 8, 4, 2]


@pytest.mark.parametrize(
    ("optimizer", "changes", "message"),
    [
        ("adam", {-1: 0.1}, "the step of a rate change = -1 is not allowed"),
        ("adam", {2.5: 0.1}, "the step of a rate change = 2.5 is not allowed"),
        ("adam", {2: np.nan}, "learning_rate = nan is not allowed"),
        ("adam", [(2, 0.1), (2, 0.2)], "once at a step"),
        ("lbfgs", {2: 0.1}, "lbfgs has no learning rate"),
    ],
)
def test_rate_changes_refuses_what_means_nothing(optimizer, changes, message):
    with pytest.raises(ValueError, match=message):
        descend("bowl", optimizer, rate_changes=changes)


@pytest.mark.parametrize("steps", [500, 501, 1001, 1300])
def test_descend_a_long_run_continues_a_short_one(steps):
    """Longer runs are made in windows; where they meet nothing is lost or repeated."""
    run = descend("rosenbrock", "gradient_descent", steps=steps, learning_rate=1e-3, rate_changes={600: 5e-4})
    point, path = np.array([-1.2, 1.0]), [(-1.2, 1.0)]
    for step in range(steps):
        point = point - (1e-3 if step < 600 else 5e-4) * rosenbrock_gradient(*point)
        path.append(tuple(point))
    assert run.length == steps and run.points.shape == (steps + 1, 2)
    np.testing.assert_allclose(run.points, path, rtol=1e-9)  # contracts: roundings do not add up


def test_descend_a_long_run_that_rests_or_diverges_in_an_early_window_stays_ended():
    rest = descend("bowl", "gradient_descent", start=(5, 3), steps=1700, learning_rate=0.5)
    assert rest.length == 1 and rest.at_rest and np.isnan(rest.points[2:]).all()
    away = descend("bowl", "gradient_descent", start=(5, 3), steps=1700, learning_rate=2.0)
    factor = np.log(np.finfo(float).max / 34) / (2 * np.log(3))  # the loss 34 grows by 9 a step
    assert away.status == "diverged" and abs(away.length - factor) <= 1

"""The fits to data: batches, held-out examples, and minima that move with the penalties."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss

from engine import descend, diagnose, gradient_field, hessian_eigenvalues
from engine.field import held_out_losses_at, losses_at
from landscapes import LANDSCAPES
from tests.data_tables import anscombe_residuals, diabetes_rows, iris_rows
from tests.landscape_oracles import ORACLES

ROOT = Path(__file__).parent.parent
FITS = [key for key, entry in LANDSCAPES.items() if entry.chapter == "Fits to data"]
PENALISED = [key for key in FITS if "l1_penalty" in LANDSCAPES[key].parameters]

SETTINGS = [
    (key, {name: share * knob.low + (1 - share) * knob.high})
    for key in FITS
    for name, knob in LANDSCAPES[key].parameters.items()
    for share in (1, 0.93, 0.5, 0)
] + [(key, {"l1_penalty": LANDSCAPES[key].parameters["l1_penalty"].high / 20, "l2_penalty": 0.01}) for key in PENALISED]


def settings_of(key: str, **changes: float) -> dict[str, float]:
    return {name: knob.default for name, knob in LANDSCAPES[key].parameters.items()} | changes


def generic_points(key: str, count: int = 20) -> np.ndarray:
    low, high = np.array(LANDSCAPES[key].domain).T
    return np.random.default_rng(7).uniform(low, high, (count, 2))


# ---- batches


@pytest.mark.parametrize("key", FITS)
def test_equal_weights_give_the_loss(key):
    entry = LANDSCAPES[key]
    assert entry.batch_loss is not None
    settings = settings_of(key, **dict.fromkeys(entry.parameters.keys() & {"l1_penalty", "l2_penalty"}, 0.1))
    weights = np.full(entry.examples, 1 / entry.examples)
    for point in generic_points(key):
        batch = entry.batch_loss(jnp.asarray(point), weights, **settings)
        assert float(batch) == pytest.approx(float(entry.loss(jnp.asarray(point), **settings)), rel=1e-13)


def loss_of_one(key: str, point: np.ndarray, place: int) -> float:
    """The loss of one example, written out."""
    if key == "line_fit":
        return (point[0] * (place + 1) + point[1] - (2 * place + 3)) ** 2
    if key in ("huber_line", "quantile_line"):
        size, above = abs(anscombe_residuals(point)[place]), anscombe_residuals(point)[place] > 0
        if key == "quantile_line":
            return 0.3 * size if above else 0.7 * size
        return size**2 / 2 if size <= 0.8 else 0.8 * (size - 0.4)
    rows = iris_rows() if key == "iris_logistic" else diabetes_rows(standardised=key == "diabetes_standardised")
    prediction, target = rows.inputs[place] @ point, rows.targets[place]
    if key == "iris_logistic":
        chance = 1 / (1 + np.exp(-prediction))
        return -np.log(chance if target else 1 - chance)
    return (prediction - target) ** 2


@pytest.mark.parametrize("key", FITS)
def test_all_weight_on_one_example_gives_its_loss(key):
    entry = LANDSCAPES[key]
    assert entry.batch_loss is not None
    own = {"huber_threshold": 0.8, "quantile": 0.3}
    settings = settings_of(key) | {name: value for name, value in own.items() if name in entry.parameters}
    one = jax.jit(lambda p, weights: entry.batch_loss(p, weights, **settings))  # pyright: ignore[reportOptionalCall]
    for place in {0, 1, entry.examples // 2, entry.examples - 1}:
        weights = np.eye(entry.examples)[place]
        for point in generic_points(key):
            expected = loss_of_one(key, point, place)
            assert float(one(jnp.asarray(point), weights)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("key", PENALISED)
def test_a_batch_pays_the_whole_penalty(key):
    entry = LANDSCAPES[key]
    assert entry.batch_loss is not None
    point, weights = jnp.asarray(entry.start, float) + 0.5, np.eye(entry.examples)[1]
    held = np.asarray(point)[: 1 if key == "line_fit" else 2]  # a line's intercept is free
    paid = entry.batch_loss(point, weights, l1_penalty=0.7, l2_penalty=3.0)
    free = entry.batch_loss(point, weights, l1_penalty=0.0, l2_penalty=0.0)
    assert float(paid - free) == pytest.approx(0.7 * np.sum(np.abs(held)) + 1.5 * np.sum(held**2), rel=1e-9)


@pytest.mark.parametrize("key", FITS)
@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_a_batch_is_computed_in_the_precision_of_the_point(key, kind):
    entry = LANDSCAPES[key]
    assert entry.batch_loss is not None
    weights = np.full(entry.examples, 1 / entry.examples)
    settings = {name: jnp.asarray(value, kind) for name, value in settings_of(key).items()}
    batch = partial(entry.batch_loss, weights=weights, **settings)
    assert jax.eval_shape(batch, jnp.asarray(entry.start, kind)).dtype == kind


# ---- the examples


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("diabetes_raw", lambda: diabetes_rows(standardised=False)),
        ("diabetes_standardised", lambda: diabetes_rows(standardised=True)),
        ("iris_logistic", iris_rows),
    ],
)
def test_data_is_the_table_without_each_fifth_row(key, rows):
    read = LANDSCAPES[key].data
    assert read is not None
    data, expected = read(), rows()
    assert data.model == ("boundary" if key == "iris_logistic" else "plane")
    assert len(data.input_names) == 2 and len(data.targets) == LANDSCAPES[key].examples
    np.testing.assert_allclose(data.inputs, expected.inputs, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(data.targets, expected.targets, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(data.held_out_inputs, expected.held_out_inputs, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(data.held_out_targets, expected.held_out_targets, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("key", [key for key in FITS if key not in ("line_fit",)])
def test_every_fit_reads_as_many_examples_as_it_says(key):
    entry = LANDSCAPES[key]
    assert entry.data is not None
    data = entry.data()
    assert len(data.inputs) == len(data.targets) == entry.examples
    assert (entry.held_out_loss is not None) == bool(len(data.held_out_targets))
    assert entry.axes == (("w", "b") if data.model == "line" else ("w₁", "w₂"))


def test_nothing_is_read_before_it_is_asked_for():
    asked = (
        "import landscapes, engine, sys; assert 'sklearn' not in sys.modules and 'scipy.optimize' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", asked], check=True, cwd=ROOT)


@pytest.mark.parametrize("key", ["diabetes_raw", "diabetes_standardised", "iris_logistic"])
def test_held_out_loss_is_the_mean_over_the_rows_held_out_without_a_penalty(key):
    rows = iris_rows() if key == "iris_logistic" else diabetes_rows(standardised=key == "diabetes_standardised")
    points = generic_points(key)
    predictions = points @ rows.held_out_inputs.T
    if key == "iris_logistic":
        expected = [log_loss(rows.held_out_targets, 1 / (1 + np.exp(-row))) for row in predictions]
    else:
        expected = np.mean((predictions - rows.held_out_targets) ** 2, axis=1)
    found = held_out_losses_at(key, points, l1_penalty=3.0, l2_penalty=2.0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_fit_that_holds_nothing_out_has_no_held_out_loss():
    with pytest.raises(ValueError, match="huber_line has no examples that are held out"):
        held_out_losses_at("huber_line", [(0, 0)])


# ---- minima


def test_descent_on_four_points_is_the_loop_of_the_textbook():
    slope = intercept = 0.0
    for _ in range(1000):
        errors = [slope * s + intercept - t for s, t in ((1, 3), (2, 5), (3, 7), (4, 9))]
        down_slope = 2 * sum(error * s for error, s in zip(errors, (1, 2, 3, 4), strict=True)) / 4
        down_intercept = 2 * sum(errors) / 4
        slope, intercept = slope - 0.01 * down_slope, intercept - 0.01 * down_intercept
    run = descend("line_fit", "gradient_descent", learning_rate=0.01, steps=1000)
    assert run.start == (0, 0)
    np.testing.assert_allclose(run.points[1000], (slope, intercept), atol=1e-12)
    assert slope == pytest.approx(2, abs=0.02)  # and that is nearly there


@pytest.mark.parametrize("standardised", [False, True])
@pytest.mark.parametrize(("l1", "l2"), [(0, 0), (0, 0.5), (0.4, 0), (0.3, 0.2), (20, 0), (0, 3)])
def test_minima_of_least_squares_are_those_of_scikit_learn(standardised, l1, l2):
    key, rows = ("diabetes_standardised", "diabetes_raw")[not standardised], diabetes_rows(standardised)
    count = len(rows.targets)
    # Its losses are ours times 1/2 (Lasso, ElasticNet) or times the number of rows (Ridge).
    if l1 and l2:
        model = ElasticNet(alpha=l1 / 2 + l2 / 2, l1_ratio=l1 / (l1 + l2), fit_intercept=False, tol=1e-14)
    elif l1:
        model = Lasso(alpha=l1 / 2, fit_intercept=False, tol=1e-14)
    else:
        model = Ridge(alpha=count * l2 / 2, fit_intercept=False) if l2 else LinearRegression(fit_intercept=False)
    model.fit(rows.inputs, rows.targets)
    (minimum,) = LANDSCAPES[key].at({"l1_penalty": l1, "l2_penalty": l2}).minima
    np.testing.assert_allclose(minimum, model.coef_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("l1", "l2"), [(0, 0), (0, 0.01), (0, 0.3), (0.02, 0), (0.25, 0)])
def test_minima_of_the_logistic_loss_are_those_of_scikit_learn(l1, l2):
    rows = iris_rows()
    strength = len(rows.targets) * (l1 or l2)
    solver = "saga" if l1 else "newton-cholesky"
    model = LogisticRegression(
        C=1 / strength if strength else np.inf, l1_ratio=float(bool(l1)), solver=solver, fit_intercept=False, tol=1e-12,
        max_iter=100_000,
    )  # fmt: skip
    model.fit(rows.inputs, rows.targets)
    (minimum,) = LANDSCAPES["iris_logistic"].at({"l1_penalty": l1, "l2_penalty": l2}).minima
    np.testing.assert_allclose(minimum, model.coef_[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("quantile", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_the_quantile_line_solves_the_linear_programme(quantile):
    y = anscombe_residuals((0.0, 0.0))
    design = np.stack([y - anscombe_residuals((1.0, 0.0)), np.ones(11)], axis=1)
    costs = np.concatenate([np.zeros(4), np.full(11, quantile / 11), np.full(11, (1 - quantile) / 11)])
    equations = np.hstack([design, -design, np.eye(11), -np.eye(11)])
    solved = linprog(costs, A_eq=equations, b_eq=y)
    known = LANDSCAPES["quantile_line"].at({"quantile": quantile})
    assert known.minimum == pytest.approx(solved.fun, rel=1e-9)
    (minimum,) = known.minima
    assert ORACLES["quantile_line"](np.array(minimum), quantile) == pytest.approx(solved.fun, rel=1e-9)
    below = np.sum(anscombe_residuals(minimum) < -1e-9)
    assert below <= quantile * 11 <= 11 - np.sum(anscombe_residuals(minimum) > 1e-9)  # what the quantile is


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 2.0, 3.0, 5.0])
def test_the_huber_line_is_least_squares_pulled_by_no_more_than_the_threshold(threshold):
    # With one point beyond the threshold its pull is a constant, and the others have normal equations.
    y = anscombe_residuals((0.0, 0.0))
    design = np.stack([y - anscombe_residuals((1.0, 0.0)), np.ones(11)], axis=1)
    near = np.arange(11) != 2
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    if y[2] - design[2] @ expected > threshold:
        pulled = design[near].T @ y[near] + threshold * design[2]
        expected = np.linalg.solve(design[near].T @ design[near], pulled)
    (minimum,) = LANDSCAPES["huber_line"].at({"huber_threshold": threshold}).minima
    np.testing.assert_allclose(minimum, expected, rtol=1e-11)


@pytest.mark.parametrize(("key", "settings"), SETTINGS)
def test_the_minimum_moves_with_the_parameters(key, settings):
    entry, oracle = LANDSCAPES[key], ORACLES[key]
    known = entry.at(settings)
    (minimum,) = known.minima
    assert known.minimum == pytest.approx(
        float(oracle(np.array(minimum), **settings_of(key, **settings))), rel=1e-12, abs=1e-14
    )
    start = np.array(minimum) + 0.01 * np.array(entry.start)
    found = minimize(
        oracle,
        start,
        tuple(settings_of(key, **settings).values()),
        "Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-14},
    )
    assert known.minimum is not None and found.fun >= known.minimum * (1 - 1e-12) - 1e-14
    ring = np.array(minimum) + 1e-3 * np.stack([np.cos(np.arange(16)), np.sin(np.arange(16))], axis=1)
    assert oracle(ring, **settings_of(key, **settings)).min() >= known.minimum


@pytest.mark.parametrize("key", FITS)
def test_the_minimizer_at_the_defaults_is_the_one_that_is_written_down(key):
    entry = LANDSCAPES[key]
    assert entry.at({}) is entry and entry.at(settings_of(key)) is entry
    assert entry.minimizer is not None and entry.minimum is not None
    point, minimum = entry.minimizer(**settings_of(key))
    np.testing.assert_allclose([point], entry.minima, rtol=1e-13)
    assert minimum == pytest.approx(entry.minimum, rel=1e-13, abs=1e-28)


def test_a_penalty_makes_a_weight_exactly_nothing_and_a_run_is_told_of_the_minimum_there():
    known = LANDSCAPES["diabetes_raw"].at({"l1_penalty": 40.0})
    (minimum,) = known.minima
    assert minimum[1] == 0 and minimum[0] > 0
    run = descend("diabetes_raw", "gradient_descent", start=minimum, steps=0, l1_penalty=40.0)
    assert run.status == "converged"
    assert descend("diabetes_raw", "gradient_descent", start=minimum, steps=0).status == "running"


def test_a_minimum_that_has_left_the_map_is_none():
    known = LANDSCAPES["huber_line"].at({"huber_threshold": 0.2})
    assert known.minima
    moved = LANDSCAPES["line_fit"].at({"l2_penalty": 1e5})  # a level line at 6, the mean
    np.testing.assert_allclose(moved.minima, [(0, 6)], atol=1e-3)


def test_no_step_from_the_quantile_minimum_leads_down_though_the_slope_is_not_zero():
    (minimum,) = LANDSCAPES["quantile_line"].minima
    around = np.array(minimum) + 1e-6 * np.stack([np.cos(np.arange(64) / 10), np.sin(np.arange(64) / 10)], axis=1)
    assert losses_at("quantile_line", around).min() > losses_at("quantile_line", [minimum])[0]
    assert np.hypot(*gradient_field("quantile_line", around).T).min() > 0.02


# ---- conditioning


def test_the_condition_numbers_are_those_that_the_notes_say():
    raw, standardised = diabetes_rows(standardised=False).inputs, diabetes_rows(standardised=True).inputs
    correlation = float(np.corrcoef(standardised.T)[0, 1])
    assert correlation == pytest.approx(0.457, abs=5e-4)
    expected = {
        "diabetes_raw": np.linalg.eigvalsh(2 * np.cov(raw.T, bias=True)),
        "diabetes_standardised": np.array([2 * (1 - correlation), 2 * (1 + correlation)]),
    }
    ratios = {}
    for key, curvatures in expected.items():
        for point in (LANDSCAPES[key].start, LANDSCAPES[key].minima[0]):
            np.testing.assert_allclose(hessian_eigenvalues(key, [point]), [curvatures], rtol=1e-11)
        ratios[key] = curvatures[1] / curvatures[0]
    assert round(ratios["diabetes_raw"]) == 99 and round(ratios["diabetes_standardised"], 1) == 2.7
    assert "99 times" in LANDSCAPES["diabetes_raw"].notes and "2.7" in LANDSCAPES["diabetes_standardised"].notes


def test_one_rate_suits_both_weights_only_when_the_table_is_standardised():
    # The best constant rate, 2 / (λ₁ + λ₂), shrinks the distance by (κ - 1) / (κ + 1) a step.
    arrivals = {}
    for key in ("diabetes_raw", "diabetes_standardised"):
        rate = 2 / float(np.sum(hessian_eigenvalues(key, [(0, 0)])))
        run = descend(key, "gradient_descent", learning_rate=rate, steps=2000)
        away = np.hypot(*(run.points - np.array(LANDSCAPES[key].minima[0])).T)
        arrivals[key] = int(np.argmax(away < 1e-3 * away[0]))
    assert arrivals["diabetes_standardised"] <= 10 and arrivals["diabetes_raw"] >= 200


# ---- in use


@pytest.mark.parametrize("key", FITS)
def test_turning_a_parameter_compiles_nothing(key, compilations):
    entry = LANDSCAPES[key]
    for share in (0.3, 0.6):
        settings: dict[str, Any] = {
            name: knob.low + share * (knob.high - knob.low) for name, knob in entry.parameters.items()
        }
        diagnose(descend(key, "gradient_descent", steps=20, **settings))
        if share == 0.3:
            compilations.clear()
    assert not compilations


def test_logistic_loss_is_finite_where_its_exponentials_are_not():
    losses = losses_at("iris_logistic", [(1e4, 1e4), (-1e4, -1e4), (1e300, 0)])
    assert np.isfinite(losses).all() and losses[1] > losses[0] > 0
    assert np.isfinite(gradient_field("iris_logistic", [(1e4, 1e4), (-1e4, 1e4)])).all()

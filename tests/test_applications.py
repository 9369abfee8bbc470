"""The applications: each against the closed form, plain sampling or SciPy, and what their pictures say."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import least_squares, minimize
from scipy.signal import correlate2d
from sklearn.datasets import load_digits

from engine import descend, diagnose, fan, gradient_field
from engine.field import hessian_matrices, losses_at
from engine.memories import memories
from landscapes import LANDSCAPES
from landscapes.alice_counts import WORDS, meetings, table
from tests.data_tables import edge_rows, hatter_counts, two_tasks_rows, weekly_returns
from tests.landscape_oracles import ORACLES
from tests.test_stage import read
from ui.stage.surface import packed_surface

ROOT = Path(__file__).parent.parent
APPLICATIONS = [key for key, entry in LANDSCAPES.items() if entry.chapter == "Applications" and entry.examples]


def points_on(key: str, count: int = 5) -> np.ndarray:
    low, high = np.array(LANDSCAPES[key].domain).T
    return np.random.default_rng(11).uniform(low, high, (count, 2))


def settings_of(key: str, **changes: float) -> dict[str, float]:
    return {name: knob.default for name, knob in LANDSCAPES[key].parameters.items()} | changes


def batch_loss(key: str, **settings: float) -> Any:
    """(points, weights) -> losses, one weight for each example."""
    loss, filled = LANDSCAPES[key].batch_loss, settings_of(key, **settings)
    assert loss is not None
    return jax.jit(lambda p, weights: loss(p, weights, **filled))


# ---- batches


@pytest.mark.parametrize("key", APPLICATIONS)
def test_all_examples_together_are_the_loss(key):
    entry = LANDSCAPES[key]
    settings = {name: (2 * knob.low + knob.high) / 3 for name, knob in entry.parameters.items()}
    weights, loss = np.full(entry.examples, 1 / entry.examples), batch_loss(key, **settings)
    points = points_on(key)
    together = jax.jit(jax.vmap(jax.value_and_grad(lambda p: loss(p, weights))))(jnp.asarray(points))
    scale = np.abs(losses_at(key, points, **settings)).max()
    np.testing.assert_allclose(together[0], losses_at(key, points, **settings), rtol=1e-11, atol=1e-13 * scale)
    np.testing.assert_allclose(together[1], gradient_field(key, points, **settings), rtol=1e-9, atol=1e-12 * scale)


# ---- the portfolio


@pytest.mark.parametrize("preference", [0.0, 10.0, 37.0, -20.0])
def test_the_best_portfolio_is_that_of_the_closed_form(preference):
    """With a multiplier for the weights' sum: four equations, in which no weight is left out."""
    means, covariance = weekly_returns().mean(axis=0), np.cov(weekly_returns().T, ddof=0)
    equations = np.block([[2 * covariance, np.ones((3, 1))], [np.ones((1, 3)), np.zeros((1, 1))]])
    *weights, _ = np.linalg.solve(equations, [*preference * means, 1])
    (minimum,) = LANDSCAPES["portfolio"].at({"return_preference": preference}).minima
    np.testing.assert_allclose(minimum, weights[:2], rtol=1e-9)


def test_descent_finds_the_best_portfolio():
    run = descend("portfolio", "gradient_descent", learning_rate=0.02, steps=200)
    np.testing.assert_allclose(run.points[run.length], LANDSCAPES["portfolio"].minima[0], atol=1e-9)


def test_a_week_is_its_own_loss():
    loss, weekly = batch_loss("portfolio", return_preference=3.0), weekly_returns()
    for week, (x, y) in zip((0, 50, 103), points_on("portfolio"), strict=False):
        returns = weekly @ [x, y, 1 - x - y]
        expected = (returns[week] - returns.mean()) ** 2 - 3 * returns[week]
        assert float(loss(jnp.array([x, y]), np.eye(104)[week])) == pytest.approx(expected, rel=1e-10)


# ---- the bandit

WINS = np.array([0.8, 0.6, 0.2])


def policy_at(point: np.ndarray) -> np.ndarray:
    odds = np.exp([*point, 0])
    return odds / odds.sum()


def scores(policy: np.ndarray) -> np.ndarray:
    """The gradient of the logarithm of each arm's chance, shape (3, 2)."""
    return (np.eye(3) - policy)[:, :2]


def test_policy_gradient_is_the_closed_form_and_the_mean_of_reinforce():
    """Each arm's chance times how much more than the policy it wins; pulls are drawn, won and scored in NumPy."""
    draws = np.random.default_rng(3)
    for point in points_on("bandit"):
        policy = policy_at(point)
        (gradient,) = gradient_field("bandit", [point])
        np.testing.assert_allclose(gradient, -100 * (policy * (WINS - policy @ WINS))[:2], rtol=1e-11, atol=1e-14)
        arms = draws.choice(3, 40_000, p=policy)
        sampled = -100 * (draws.random(40_000) < WINS[arms])[:, None] * scores(policy)[arms]
        error = sampled.std(axis=0) / np.sqrt(len(sampled))
        assert (np.abs(sampled.mean(axis=0) - gradient) < 3 * error).all()


@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_a_pull_has_the_gradient_of_reinforce(baseline):
    """All but the few pulls that lie on two arms, or are won in part: and they are won as often as they should be."""
    slope = jax.jit(jax.vmap(jax.grad(batch_loss("bandit", baseline=baseline)), in_axes=(None, 0)))
    for point in points_on("bandit"):
        policy = policy_at(point)
        found = np.asarray(slope(jnp.asarray(point), np.eye(200)))
        possible = [-100 * (won - baseline) * score for score in scores(policy) for won in (1, 0)]
        same = np.array([np.abs(found - each).max(axis=1) < 1e-6 for each in possible])
        assert same.any(axis=0).sum() >= 195
        if baseline:
            expected = 200 * np.column_stack([policy * WINS, policy * (1 - WINS)])
            assert np.abs(same.sum(axis=1) - expected.ravel()).max() <= 2


def test_a_baseline_leaves_the_loss_alone_and_takes_noise_from_its_pulls():
    points = points_on("bandit")
    np.testing.assert_array_equal(losses_at("bandit", points, baseline=0.7), losses_at("bandit", points))
    spreads = []
    for baseline in (0.0, 0.6):
        slope = jax.jit(jax.vmap(jax.grad(batch_loss("bandit", baseline=baseline)), in_axes=(None, 0)))
        spreads.append(np.asarray(slope(jnp.array([0.5, 0.5]), np.eye(200))).std(axis=0))
    assert (spreads[1] < 0.75 * spreads[0]).all()


@pytest.mark.parametrize("exploration", [16.0, 25.0, 60.0])
def test_the_best_policy_is_that_of_scipy(exploration):
    known = LANDSCAPES["bandit"].at({"exploration": exploration})
    found = minimize(ORACLES["bandit"], (0, 0), (0.0, exploration), options={"gtol": 1e-9})
    np.testing.assert_allclose(known.minima, [found.x], atol=1e-5)
    assert known.minimum == pytest.approx(found.fun, rel=1e-10)


def test_without_a_charge_no_policy_is_best():
    for settings in ({"baseline": 0.3}, {"exploration": 0.0}, {"exploration": 3.0}):
        assert not LANDSCAPES["bandit"].at(settings).minima


# ---- the convolution


def test_the_best_filter_is_that_of_scipy():
    rows = edge_rows()
    found = least_squares(lambda taps: rows.inputs @ taps - rows.targets, (0, 0), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(LANDSCAPES["convolution"].minima, [found.x], rtol=1e-9)
    run = descend("convolution", "adam", learning_rate=0.1, steps=2000)
    np.testing.assert_allclose(run.points[run.length], found.x, atol=1e-9)


def test_a_digit_is_its_own_loss():
    loss, rows = batch_loss("convolution"), edge_rows()
    for digit, taps in zip((0, 41, 99), points_on("convolution"), strict=False):
        own = slice(56 * digit, 56 * (digit + 1))
        expected = np.mean((rows.inputs[own] @ taps - rows.targets[own]) ** 2)
        assert float(loss(jnp.asarray(taps), np.eye(100)[digit])) == pytest.approx(expected, rel=1e-10)


def test_the_sum_of_the_taps_is_five_times_as_steep_as_their_difference():
    ((across, along),) = hessian_matrices("convolution", [(0, 0)])
    curvatures, directions = np.linalg.eigh([across, along])
    assert curvatures[1] / curvatures[0] == pytest.approx(5.2, abs=0.05)
    np.testing.assert_allclose(np.abs(directions), np.sqrt(0.5), atol=1e-3)


# ---- the word


@pytest.mark.parametrize("negatives", [0.5, 1.0, 4.0])
def test_the_best_place_of_a_word_is_that_of_scipy(negatives):
    known = LANDSCAPES["embedding"].at({"negatives": negatives})
    found = minimize(ORACLES["embedding"], (0, 0), (negatives,), options={"gtol": 1e-8})
    np.testing.assert_allclose(known.minima, [found.x], atol=1e-5)
    assert known.minimum == pytest.approx(found.fun, rel=1e-11)


def test_a_neighbour_is_its_own_loss():
    loss, (met, by_chance, places) = batch_loss("embedding", negatives=2.0), hatter_counts()
    for i, point in zip((0, 6, 13), points_on("embedding"), strict=False):
        likely = 1 / (1 + np.exp(-places[i] @ point))
        expected = -14 * (met[i] * np.log(likely) + 2 * by_chance[i] * np.log(1 - likely))
        assert float(loss(jnp.asarray(point), np.eye(14)[i])) == pytest.approx(expected, rel=1e-10)


def test_meetings_are_counted_both_ways_and_only_within_the_window():
    text = "The hare -- the MARCH hare -- met a cat; and a tea-cat, and so on and on and on, a hare."
    met = meetings(text, ("hare", "cat", "tea"), 4)
    expected = {("hare", "hare"): 2, ("hare", "cat"): 1, ("cat", "hare"): 1, ("cat", "cat"): 2}
    assert met == expected | {("cat", "tea"): 2, ("tea", "cat"): 2}
    assert list(table(text, ("hare", "cat"), 4))[1:] == ["hare,cat", "2,1", "1,2"]


def test_the_table_of_meetings_is_even_and_of_the_words_that_are_counted():
    _, words, *rows = (ROOT / "landscapes" / "alice.csv").read_text().splitlines()
    counts = np.array([row.split(",") for row in rows], int)
    assert tuple(words.split(",")) == WORDS and (counts == counts.T).all() and (np.diag(counts) % 2 == 0).all()


# ---- two tasks


def slope_of_task(task: int, weights: np.ndarray, consolidation: float) -> np.ndarray:
    """The gradient of the error of one task, in per cent, and on the second of what it costs to leave the first."""
    first, second = two_tasks_rows()
    rows = (first, second)[task]
    slope = 200 * rows.inputs.T @ (rows.inputs @ weights - rows.targets) / len(rows.targets)
    return slope + task * 200 * consolidation * (weights - np.linalg.lstsq(first.inputs, first.targets)[0])


@pytest.mark.parametrize(("change", "consolidation"), [(7, 0.0), (12, 0.8), (0, 0.3), (40, 0.3)])
def test_steps_are_made_on_the_first_task_and_from_the_change_on_on_the_second(change, consolidation):
    made: Any = dict(learning_rate=0.001, steps=30, task_change=change, consolidation=consolidation)
    run = descend("two_tasks", "gradient_descent", **made)
    weights = np.array(run.start)
    path = [weights]
    for step in range(30):
        weights = weights - 0.001 * slope_of_task(int(step >= change), weights, consolidation)
        path.append(weights)
    np.testing.assert_allclose(run.points, path, rtol=1e-9)
    np.testing.assert_allclose(run.losses, ORACLES["two_tasks"](run.points, change, consolidation), rtol=1e-10)
    given = memories(run).gradients[:30]
    expected = [slope_of_task(int(step >= change), run.points[step], consolidation) for step in range(30)]
    np.testing.assert_allclose(given, expected, rtol=1e-8, atol=1e-9)


def test_many_runs_change_their_task_at_the_same_step():
    rates = (5e-4, 1e-3, 2e-3)
    together = fan("two_tasks", "gradient_descent", rates=rates, steps=30, task_change=9)
    for place, rate in enumerate(rates):
        alone = descend("two_tasks", "gradient_descent", learning_rate=rate, steps=30, task_change=9)
        np.testing.assert_allclose(together.points[place], alone.points, rtol=1e-12)


def test_what_is_learnt_first_is_forgotten_unless_the_weights_are_held():
    best = [np.linalg.lstsq(rows.inputs, rows.targets)[0] for rows in two_tasks_rows()]
    for held, expected in ((0.0, best[1]), (1e4, best[0])):
        rate = 1e-3 if not held else 5e-7
        run = descend(
            "two_tasks", "gradient_descent", learning_rate=rate, steps=500, start=tuple(best[0]), task_change=0,
            consolidation=held,
        )  # fmt: skip
        np.testing.assert_allclose(run.points[-1], expected, atol=1e-3)
    learnt = shown("two_tasks", best[0])[0], shown("two_tasks", best[1])[0]
    assert learnt[0] == pytest.approx(1, abs=0.01) and learnt[1] < -0.5


def test_a_run_of_two_tasks_is_not_judged_by_a_surface_that_it_does_not_descend():
    run = descend("two_tasks", "gradient_descent", steps=400)
    said = diagnose(run).reason
    assert said.startswith("What it is trained on changes on the way") and said.endswith("to 133.")
    assert run.twists.keywords() == {}  # nothing that a link would have to say


def test_no_example_is_offered_for_mini_batches_where_there_are_tasks():
    with pytest.raises(ValueError, match="two_tasks has no data"):
        descend("two_tasks", "gradient_descent", steps=3, batch_size=1)


# ---- the pictures


def shown(key: str, point: np.ndarray) -> np.ndarray:
    """The numbers of a picture at a point, as the stage finds them between the places of its grid."""
    header, arrays = read(packed_surface(LANDSCAPES[key], settings_of(key)).body)
    grid = header["fit"]["grid"]
    values = arrays["fit_values"].reshape(grid, grid, -1)
    low, high = np.array(header["fit"]["region"]).T
    u, v = (point - low) / (high - low) * (grid - 1)
    column, row = min(int(u), grid - 2), min(int(v), grid - 2)
    along = [(1 - (u - column)) * values[r, column] + (u - column) * values[r, column + 1] for r in (row, row + 1)]
    return (1 - (v - row)) * along[0] + (v - row) * along[1]


def test_the_picture_of_a_portfolio_is_its_weights_risk_and_return():
    for point in points_on("portfolio"):
        weights = np.array([*point, 1 - point.sum()])
        returns = weekly_returns() @ weights
        expected = [*weights, returns.std(), returns.mean()]
        np.testing.assert_allclose(shown("portfolio", point), expected, rtol=1e-4, atol=0.005)


def test_no_portfolio_of_its_return_is_less_risky_than_the_curve():
    _, arrays = read(packed_surface(LANDSCAPES["portfolio"], settings_of("portfolio")).body)
    means, covariance = weekly_returns().mean(axis=0), np.cov(weekly_returns().T, ddof=0)
    for risk, mean in arrays["fit_curve"].reshape(-1, 2)[::10]:
        equations = np.array([means, np.ones(3)])
        around = np.linalg.inv(equations @ np.linalg.inv(covariance) @ equations.T)
        assert risk**2 == pytest.approx(np.array([mean, 1]) @ around @ [mean, 1], rel=1e-4)
    np.testing.assert_allclose(
        arrays["fit_points"].reshape(3, 2), np.column_stack([weekly_returns().std(axis=0), means]), rtol=1e-6
    )


def test_the_picture_of_a_filter_is_what_it_makes_of_four_digits():
    header, arrays = read(packed_surface(LANDSCAPES["convolution"], {}).body)
    table: Any = load_digits()
    shown_digits = [0, 4, 7, 8]
    for taps in points_on("convolution"):
        expected = [correlate2d(image, [taps], "valid") for image in table.images[shown_digits]]
        np.testing.assert_allclose(shown("convolution", taps), np.ravel(expected), atol=1e-4)
    assert table.target[shown_digits].tolist() == shown_digits
    assert header["fit"]["shapes"] == {"inputs": [4, 8, 8], "targets": [4, 8, 7]}
    edges = edge_rows().targets.reshape(100, 56)[shown_digits]
    np.testing.assert_allclose(arrays["fit_targets"], edges.ravel(), rtol=1e-6)


def test_the_map_of_words_is_that_of_their_meetings():
    header, arrays = read(packed_surface(LANDSCAPES["embedding"], settings_of("embedding")).body)
    met, _, places = hatter_counts()
    np.testing.assert_allclose(arrays["fit_places"].reshape(14, 2), places, atol=1e-6)
    np.testing.assert_array_equal(arrays["fit_met"], met)
    assert header["fit"]["names"] == list(WORDS)


def test_the_picture_of_two_tasks_is_what_is_learnt_of_each():
    rows = two_tasks_rows()
    for point in points_on("two_tasks"):
        errors = [np.mean((each.inputs @ point - each.targets) ** 2) for each in rows]
        least = [np.linalg.lstsq(each.inputs, each.targets)[1][0] / len(each.targets) for each in rows]
        learnt = [(1 - error) / (1 - low) for error, low in zip(errors, least, strict=True)]
        expected = [*learnt, *(100 * error for error in errors)]
        np.testing.assert_allclose(shown("two_tasks", point), expected, rtol=1e-3, atol=0.2)
    header, _ = read(packed_surface(LANDSCAPES["two_tasks"], settings_of("two_tasks", task_change=33)).body)
    assert header["fit"]["change"] == 33


def test_the_picture_of_a_bandit_is_its_policy():
    corners = np.array([[0, 0], [1, 0], [0.5, 3**0.5 / 2]])
    for point in points_on("bandit"):
        policy = policy_at(point)
        np.testing.assert_allclose(shown("bandit", point), [*policy, *policy @ corners], atol=0.003)
    beyond = np.array([9.0, -2.0])  # off the map, where descents end
    np.testing.assert_allclose(shown("bandit", beyond)[:3], policy_at(beyond), atol=0.003)

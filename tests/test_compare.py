"""Fair comparisons: budgets in gradient evaluations, the measures of a run, and the best rate of the dial."""

import math

import numpy as np
import pytest

from engine import descend, dial_rates, swarm
from engine.compare import BUDGET, Tuned, contend, measure, tuned
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS

KAPPA = 25.0
NOTCH = 10 ** (6 / 120)  # between two rates of the dial: six decades in 120 steps


def on_ravine(rate: float, momentum: float, steps: int, start=(1.0, 1.0), shares=None) -> np.ndarray:
    """Heavy ball on (x² + KAPPA y²) / 2 in plain NumPy, shape (steps + 1, 2); `shares` of the rate for each step."""
    curvature = np.array([1.0, KAPPA])
    at, velocity, path = np.array(start), np.zeros(2), [np.array(start)]
    for step in range(steps):
        velocity = momentum * velocity + curvature * at
        at = at - rate * (1 if shares is None else shares[step]) * velocity
        path.append(at)
    return np.array(path)


def loss(path: np.ndarray) -> np.ndarray:
    return (path[:, 0] ** 2 + KAPPA * path[:, 1] ** 2) / 2


def arrival(path: np.ndarray, tolerance: float) -> float:
    """The first row from which the loss stays within a share of the first loss, looked for from the front."""
    losses = loss(path)
    stays = [row for row in range(len(path)) if all(losses[row:] <= tolerance * losses[0])]
    return stays[0] if stays else math.inf


def brute_force(momentum: float, budget: int, tolerance: float, shares=None) -> tuple[float, float]:
    """The best of the dial's rates and its arrival, by trying all of them."""
    best = (math.inf, math.inf, math.inf)
    for rate in np.geomspace(1e-5, 10, 121):
        with np.errstate(over="ignore", invalid="ignore"):
            path = on_ravine(rate, momentum, budget, shares=shares)
            final = loss(path)[-1]
            best = min(best, (arrival(path, tolerance), final if math.isfinite(final) else math.inf, rate))
    return best[2], best[0]


def slowest_factor(rate: float, momentum: float) -> float:
    """By how much heavy ball shrinks at each step in the end: the largest root of z² - (1 + b - rate c) z + b."""
    return max(np.abs(np.roots([1, -(1 + momentum - rate * curvature), momentum])).max() for curvature in (1.0, KAPPA))


@pytest.mark.parametrize("tolerance", [1e-2, 1e-6, 1e-12])
@pytest.mark.parametrize(("optimizer", "momentum"), [("gradient_descent", 0.0), ("momentum", 0.5), ("momentum", 0.9)])
def test_tuned_rate_is_the_best_of_all_the_dials_rates(optimizer, momentum, tolerance):
    settings = {"momentum": momentum} if optimizer == "momentum" else {}
    found = tuned(
        "ravine", optimizer, start=(1, 1), budget=400, tolerance=tolerance, condition_number=KAPPA, **settings
    )
    rate, evaluations = brute_force(momentum, 400, tolerance)
    assert found.rate == pytest.approx(rate, rel=1e-12)
    assert found.evaluations == evaluations
    assert not found.at_end


def test_tuned_gradient_descent_is_at_two_over_the_sum_of_the_curvatures():
    # At 2 / (L + mu) both directions shrink by (L - mu) / (L + mu) a step, at every other rate one shrinks less.
    found = tuned("ravine", "gradient_descent", start=(1, 1), budget=500, tolerance=1e-12, condition_number=KAPPA)
    assert found.rate / (2 / (KAPPA + 1)) == pytest.approx(1, abs=NOTCH - 1)
    assert found.evaluations == pytest.approx(math.log(1e-12) / math.log((KAPPA - 1) / (KAPPA + 1)) / 2, rel=0.1)


@pytest.mark.parametrize("momentum", [0.2, 0.5])
def test_tuned_heavy_ball_is_where_its_slowest_direction_is_fastest(momentum):
    fine = np.geomspace(1e-3, 1, 4001)
    best = fine[np.argmin([slowest_factor(rate, momentum) for rate in fine])]
    found = tuned(
        "ravine", "momentum", start=(1, 1), budget=500, tolerance=1e-12, condition_number=KAPPA, momentum=momentum
    )
    assert max(found.rate / best, best / found.rate) <= NOTCH * 1.001


def test_tuned_rate_beats_its_neighbours_on_the_dial():
    settings = {"start": (-1.2, 1.0), "budget": 300}
    found = tuned("rosenbrock", "adam", tolerance=1e-4, **settings)
    place = int(np.abs(np.log(dial_rates("adam") / found.rate)).argmin())
    around = dial_rates("adam")[place - 2 : place + 3]
    came = [
        measure(contend("rosenbrock", "adam", learning_rate=float(rate), **settings), budget=300, tolerance=1e-4)
        for rate in around
    ]
    ranks = [(float(m.evaluations[0]), float(m.losses[0])) for m in came]
    assert min(ranks) == ranks[2] and ranks[2][0] == found.evaluations


def test_where_nothing_arrives_the_lowest_final_loss_wins():
    found = tuned("rosenbrock", "gradient_descent", start=(-1.2, 1), budget=20, tolerance=1e-9)
    ends = [
        contend("rosenbrock", "gradient_descent", start=(-1.2, 1), budget=20, learning_rate=float(rate)).losses[-1]
        for rate in dial_rates("gradient_descent")
    ]
    assert found.evaluations is None
    assert found.rate == dial_rates("gradient_descent")[int(np.nanargmin(ends))]


def test_best_rate_at_the_dials_end_is_said_to_be_there():
    # Far from its hole Easom is so flat that even the largest rate of the dial hardly moves.
    found = tuned("easom", "gradient_descent", start=(9, 9), budget=30, tolerance=1e-3)
    assert found == Tuned(found.rate, None, True)


def test_every_run_diverging_still_gives_a_rate():
    found = tuned("quartic", "gradient_descent", start=(1e90, 1e90), budget=30, tolerance=1e-3)
    assert found.evaluations is None and found.rate == dial_rates("gradient_descent")[0]


def test_tuning_refuses_an_optimizer_without_a_rate():
    with pytest.raises(ValueError, match="lbfgs has no learning rate"):
        tuned("bowl", "lbfgs", budget=20, tolerance=1e-3)


@pytest.mark.parametrize("budget", [0, 501, 10.5, math.nan, "20", True])
def test_budget_that_is_none_is_refused(budget):
    with pytest.raises(ValueError, match=r"budget = .* is not allowed: a whole number from 1 to 500"):
        contend("bowl", "adam", budget=budget)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("budget", [1, 7, 100])
def test_every_contender_stays_within_the_budget_and_uses_it(optimizer, budget):
    t = contend("rosenbrock", optimizer, budget=budget)
    whole = descend("rosenbrock", optimizer, steps=budget)
    assert t.evaluations[-1] <= budget
    assert np.array_equal(t.points, whole.points[: t.steps + 1], equal_nan=True)
    assert len(t.losses) == len(t.gradients) == t.steps + 1
    if t.steps < budget:  # one step more would cost too much
        assert whole.evaluations[t.steps + 1] > budget or whole.length == t.steps


def test_newton_pays_for_its_hessian():
    assert contend("rosenbrock", "newton", budget=17).steps == 5  # one gradient and two more for the Hessian


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.081, 0.15])
@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_measures_of_a_run_equal_plain_numpy(rate, momentum):
    t = contend(
        "ravine", "momentum", budget=60, start=(1, 1), condition_number=KAPPA, learning_rate=rate, momentum=momentum
    )
    came = measure(t, budget=60, tolerance=1e-2)
    path = on_ravine(rate, momentum, 60)
    assert came.steps[0] == came.evaluations[0] == arrival(path, 1e-2)
    assert came.losses[0] == pytest.approx(loss(path)[-1], rel=1e-9)
    assert came.distances[0] == pytest.approx(np.linalg.norm(path[-1]), rel=1e-9)
    assert came.paths[0] == pytest.approx(sum(np.linalg.norm(b - a) for a, b in zip(path, path[1:], strict=False)))
    assert (came.lengths[0], came.spent[0], came.diverged[0]) == (60, 60, False)
    assert came.rose[0] == (loss(path)[-1] > loss(path)[0])


def test_overshoots_are_counted_where_the_floor_is_passed():
    # On x² + y² along x alone each step multiplies x by 1 - 2 rate: it passes the floor when that is negative.
    def count(rate: float, budget: int = 10) -> int:
        t = contend("bowl", "gradient_descent", budget=budget, start=(3, 0), learning_rate=rate)
        return int(measure(t, budget=budget, tolerance=1e-3).overshoots[0])

    assert [count(rate) for rate in (0.1, 0.49, 0.51, 0.9, 1.1)] == [0, 0, 10, 10, 10]


def test_heavy_ball_overshoots_once_each_time_it_swings_through():
    t = contend("bowl", "momentum", budget=200, start=(3, 0), learning_rate=0.001, momentum=0.99)
    x = t.points[:, 0]
    crossings = int((x[:-1] * x[1:] < 0).sum())
    assert crossings >= 2
    assert measure(t, budget=200, tolerance=1e-3).overshoots[0] == crossings


def test_run_that_leaves_the_tolerance_again_has_not_arrived():
    t = contend("bowl", "momentum", budget=60, start=(3, 0), learning_rate=0.01, momentum=0.99)
    assert (t.losses < 0.05 * t.losses[0]).any() and t.losses[-1] > 0.05 * t.losses[0]
    assert measure(t, budget=60, tolerance=0.05).steps[0] == math.inf


def test_run_that_starts_at_the_minimum_has_arrived_at_once():
    came = measure(contend("bowl", "gradient_descent", budget=5, start=(0, 0)), budget=5, tolerance=1e-3)
    assert (came.steps[0], came.evaluations[0], came.paths[0], came.overshoots[0]) == (0, 0, 0, 0)


def test_diverged_run_has_no_arrival_and_infinite_loss():
    t = contend("quartic", "gradient_descent", budget=50, start=(2, 2), learning_rate=5.0)
    came = measure(t, budget=50, tolerance=1e-3)
    assert t.status == "diverged" and came.diverged[0]
    assert came.steps[0] == came.losses[0] == came.distances[0] == math.inf
    assert came.spent[0] == t.length + 1  # the step that broke it was paid for


def test_start_without_a_finite_loss_is_a_diverged_run():
    came = measure(contend("quartic", "adam", budget=9, start=(1e90, 0)), budget=9, tolerance=1e-3)
    assert came.diverged[0] and came.lengths[0] == 0 and came.losses[0] == math.inf


def test_without_a_known_minimum_nothing_arrives():
    t = contend("saddle", "gradient_descent", budget=50)
    came = measure(t, budget=50, tolerance=1e-3)
    assert came.steps[0] == came.evaluations[0] == math.inf
    assert math.isnan(came.distances[0]) == (not LANDSCAPES["saddle"].local_minima)


@pytest.mark.parametrize("optimizer", ["momentum", "backtracking_line_search", "newton", "lbfgs"])
def test_measures_of_many_runs_are_those_of_each(optimizer):
    starts = np.random.default_rng(3).normal(size=(9, 2)) * 2
    batch = swarm("himmelblau", optimizer, starts=starts, steps=80)
    together = measure(batch, budget=80, tolerance=1e-6)
    for place, start in enumerate(starts):
        one = measure(batch.run(place), budget=80, tolerance=1e-6)
        for name, values in vars(together).items():
            assert values[place] == pytest.approx(getattr(one, name)[0], rel=1e-12), name
        alone = measure(contend("himmelblau", optimizer, budget=80, start=start), budget=80, tolerance=1e-6)
        assert (together.steps[place], together.evaluations[place]) == (alone.steps[0], alone.evaluations[0])


def test_tuning_at_other_starts_and_budgets_compiles_nothing(compilations):
    tuned("himmelblau", "adam", budget=20, tolerance=1e-3)
    compilations.clear()
    tuned("himmelblau", "adam", start=(1, 2), budget=333, tolerance=1e-6)
    assert compilations == []


def test_budget_is_no_longer_than_what_tuning_can_see():
    assert BUDGET.limits == (1, 500)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_tuned_rate_under_a_schedule_is_the_best_peak_of_one_made_for_the_budget(momentum):
    budget, final = 90, 0.25
    shares = final + (1 - final) * (1 + np.cos(np.pi * np.arange(budget) / budget)) / 2
    found = tuned(
        "ravine", "momentum", start=(1, 1), budget=budget, tolerance=1e-3, condition_number=KAPPA, momentum=momentum,
        schedule="cosine", final=final,
    )  # fmt: skip
    rate, arrives = brute_force(momentum, budget, 1e-3, shares)
    assert found.rate == pytest.approx(rate, rel=1e-9) and found.evaluations == arrives
    assert found != tuned(
        "ravine", "momentum", start=(1, 1), budget=budget, tolerance=1e-3, condition_number=KAPPA, momentum=momentum
    )
    path = contend(
        "ravine", "momentum", start=(1, 1), budget=budget, condition_number=KAPPA, momentum=momentum,
        learning_rate=found.rate, schedule="cosine", final=final,
    ).points  # fmt: skip
    np.testing.assert_allclose(path, on_ravine(found.rate, momentum, budget, shares=shares), atol=1e-9)


def test_budget_counts_the_gradient_of_a_mini_batch_as_one():
    one, all_four = (
        contend("line_fit", "gradient_descent", budget=30, learning_rate=0.01, batch_size=size) for size in (1, 4)
    )
    assert one.steps == all_four.steps == 30
    assert one.evaluations.tolist() == all_four.evaluations.tolist() == list(range(31))
    assert not np.array_equal(one.points, all_four.points)


def test_contender_that_pays_more_for_a_step_has_all_its_arrays_cut_alike():
    t = contend("himmelblau", "newton", budget=30, precision="float16", clip_norm=1.0)
    assert t.steps < 30
    for steps in (t.clipped, t.skipped, t.learning_rates, t.costs):
        assert steps is not None and steps.shape == (t.steps,)
    assert len(t.points) == len(t.losses) == len(t.gradients) == t.steps + 1

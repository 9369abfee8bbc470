"""Sharpness and its limits: against differentiated Hessians, and against growth factors of the steps on a parabola."""

import numpy as np
import pytest

from engine import descend
from engine.sharpness import preconditioned_sharpness, rate_limit, sharpness, stability
from optimizers import OPTIMIZERS
from tests.hand_surfaces import SURFACES
from tests.test_optimizers import OTHER, STARTS

LIMITS = {key: entry.limit for key, entry in OPTIMIZERS.items() if entry.limit is not None}
LIMITED = list(LIMITS)
DIVIDING = [key for key, limit in LIMITS.items() if limit.divisor is not None]
PLAIN = [key for key in LIMITED if key not in DIVIDING]

UNKNOWN = {
    "adafactor", "adan", "signum", "lion", "rprop", "lamb", "polyak_sgd", "backtracking_line_search", "prodigy",
    "newton", "newton_damped", "newton_saddle_free", "lbfgs", "sophia",
}  # fmt: skip


def differenced_hessian(gradient, point, h=1e-5):
    """The Hessian from central differences of a gradient written by hand."""
    columns = [(gradient(point + step) - gradient(point - step)) / (2 * h) for step in h * np.eye(2)]
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


# How a step on the parabola f = λx²/2 changes (x, memory), written from the papers with the divisor P held still:
# the matrix of one late step.


def gradient_descent(rate, k, sharp):
    return np.array([[1 - rate * sharp]])


def heavy_ball(rate, k, sharp):
    return np.array([[1 - rate * sharp, -rate * k["momentum"]], [sharp, k["momentum"]]])


def nesterov(rate, k, sharp):
    beta = k["momentum"]
    return np.array([[1 - rate * sharp * (1 + beta), -rate * beta**2], [sharp, beta]])


def schedule_free(rate, k, sharp):
    """At a step so late that the average x stands still: z alone."""
    beta = k["beta1"]
    return np.array([[1 - rate * (1 - beta) * (sharp + k["weight_decay"])]])


def adam(rate, k, sharp):
    beta, decay = k["beta1"], k.get("weight_decay", 0)
    return np.array([[1 - rate * decay - rate * (1 - beta) * sharp, -rate * beta], [(1 - beta) * sharp, beta]])


def nadam(rate, k, sharp):
    beta = k["beta1"]
    fresh = (1 - beta) * (1 + beta) * sharp
    return np.array([[1 - rate * fresh, -rate * beta**2], [(1 - beta) * sharp, beta]])


STEP = {
    "gradient_descent": gradient_descent, "momentum": heavy_ball, "nesterov": nesterov,
    "schedule_free_sgd": schedule_free, "adagrad": gradient_descent, "adadelta": gradient_descent,
    "rmsprop": heavy_ball, "nadam": nadam,
}  # fmt: skip


def growth(key, knobs, sharp, rate):
    matrix = STEP.get(key, adam)(rate, knobs, sharp)
    return np.abs(np.linalg.eigvals(matrix)).max()


def test_limits_are_known_for_all_but_these():
    assert set(OPTIMIZERS) - set(LIMITED) == UNKNOWN


@pytest.mark.parametrize("settings", ["default", "other"])
@pytest.mark.parametrize("key", LIMITED)
def test_limit_is_where_a_step_on_a_parabola_begins_to_grow(key, settings):
    limit = LIMITS[key]
    knobs = {name: knob.default for name, knob in OPTIMIZERS[key].knobs.items()} | (
        OTHER[key] if settings == "other" else {}
    )
    rate = knobs["learning_rate"]
    sharp = limit.product(knobs) / rate - limit.decay(knobs)
    assert growth(key, knobs, sharp * (1 - 1e-3), rate) < 1
    assert growth(key, knobs, sharp * (1 + 1e-3), rate) > 1


@pytest.mark.parametrize("momentum", [0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("key", "closed"),
    [
        ("gradient_descent", lambda b, lam: 2 / lam),
        ("momentum", lambda b, lam: 2 * (1 + b) / lam),
        ("nesterov", lambda b, lam: (2 + 2 * b) / ((1 + 2 * b) * lam)),
    ],
)
def test_runs_on_a_parabola_settle_below_the_rate_limit_and_grow_above_it(key, closed, momentum):
    knobs = {"momentum": momentum} if key != "gradient_descent" else {}
    rate = rate_limit(key, knobs, 100)
    assert rate is not None and rate == pytest.approx(closed(momentum, 100), rel=1e-15)
    below, above = (
        descend("ravine", key, start=(1, 1), condition_number=100, steps=5000, learning_rate=rate * side, **knobs)
        for side in (1 - 1e-3, 1 + 1e-3)
    )
    steepest = [run.points[: run.length + 1, 1] for run in (below, above)]
    assert abs(steepest[0][-1]) < 0.1 and not below.status == "diverged"
    assert above.status == "diverged" or abs(steepest[1][-1]) > 10


def test_rate_limit_is_none_where_no_number_holds():
    assert rate_limit("adam", {}, 100) is None  # it depends on the divisor
    assert rate_limit("lion", {}, 100) is None
    assert rate_limit("gradient_descent", {}, -3) is None
    assert rate_limit("gradient_descent", {}, np.nan) is None
    assert rate_limit("schedule_free_sgd", {"weight_decay": 1, "beta1": 0.5}, 3) == pytest.approx(1)
    with pytest.raises(ValueError, match="no optimizer 'sgd'"):
        rate_limit("sgd", {}, 1)


@pytest.mark.parametrize("surface", list(STARTS))
def test_sharpness_is_the_largest_eigenvalue_of_the_hessian_at_each_row(surface):
    run = descend(surface, "adam", start=STARTS[surface], steps=40)
    expected = [
        np.linalg.eigvalsh(differenced_hessian(SURFACES[surface].gradient, point)).max() for point in run.points
    ]
    np.testing.assert_allclose(sharpness(run), expected, rtol=1e-6)  # central differences: 1e-9 or so of the largest
    assert sharpness(run).shape == (41,)


def test_sharpness_of_a_run_that_ended_early_has_its_rows_only():
    run = descend("bowl", "gradient_descent", start=(1, 1), learning_rate=0.5, steps=50)
    assert run.length < 50
    np.testing.assert_array_equal(sharpness(run), np.full(run.length + 1, 2.0))


def divisors(key, surface, run, k):
    """P of each step, from the gradients of the run alone, by the rule as the papers write it."""
    v, w, u, largest, made = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2), []
    m = np.zeros(2)
    if key == "adagrad":
        v = np.full(2, k["initial_accumulator"])
    if key == "yogi":
        v = np.full(2, 1e-6)
    for t, point in enumerate(run.points[: run.length + 1], start=1):
        g = SURFACES[surface].gradient(point)
        first, second = (1 - k.get(f"beta{i}", 0) ** t for i in (1, 2))
        m = k.get("beta1", 0) * m + (1 - k.get("beta1", 0)) * g
        match key:
            case "adagrad":
                v = v + g**2
                made.append(np.sqrt(v + k["epsilon"]))
            case "rmsprop":
                v = k["decay"] * v + (1 - k["decay"]) * g**2
                made.append(np.sqrt(v) + k["epsilon"])
            case "adadelta":
                v = k["decay"] * v + (1 - k["decay"]) * g**2
                made.append(np.sqrt((v + k["epsilon"]) / (w + k["epsilon"])))
                w = k["decay"] * w + (1 - k["decay"]) * (g / made[-1]) ** 2
            case "adamax":
                u = np.maximum(k["beta2"] * u, np.abs(g) + k["epsilon"])
                made.append(first * u)
            case "adabelief":
                v = k["beta2"] * v + (1 - k["beta2"]) * (g - m) ** 2 + k["epsilon"]
                made.append(first * (np.sqrt(v / second) + k["epsilon"]))
            case "yogi":
                v = v - (1 - k["beta2"]) * np.sign(v - g**2) * g**2
                made.append(first * (np.sqrt(v / second) + k["epsilon"]))
            case _:
                v = k["beta2"] * v + (1 - k["beta2"]) * g**2
                largest = np.maximum(largest, v / second)
                root = np.sqrt(largest if key == "amsgrad" else v / second) + k["epsilon"]
                if key == "radam":
                    infinite = 2 / (1 - k["beta2"]) - 1
                    length = infinite - 2 * t * k["beta2"] ** t / second
                    divided = length >= k["threshold"]
                    ratio = (length - 4) * (length - 2) * infinite / ((infinite - 4) * (infinite - 2) * length)
                    root = root / np.sqrt(ratio) if divided else np.ones(2)
                if key == "nadam":
                    # The step at a matrix's own limit: solved from its characteristic polynomial at −1.
                    b = k["beta1"]
                    ahead, fresh = b / (1 - b ** (t + 1)), (1 - b) / first
                    exact = (2 + 2 * b) / (ahead * (1 - b) + fresh * (1 + b))
                    made.append(root * exact / ((2 + 2 * b) / ((1 - b) * (1 + 2 * b))))
                else:
                    made.append(first * root)
    return np.array(made)


@pytest.mark.parametrize("surface", list(STARTS))
@pytest.mark.parametrize("key", DIVIDING)
def test_preconditioned_sharpness_divides_by_what_the_optimizer_really_divides_by(key, surface):
    run = descend(surface, key, start=STARTS[surface], steps=30, **OTHER[key])
    scales = 1 / np.sqrt(divisors(key, surface, run, OTHER[key]))
    matrices = [differenced_hessian(SURFACES[surface].gradient, point) for point in run.points]
    expected = np.linalg.eigvalsh(matrices * scales[:, :, None] * scales[:, None, :]).max(axis=1)
    found = preconditioned_sharpness(run)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())  # as above


@pytest.mark.parametrize("key", PLAIN)
def test_preconditioned_sharpness_is_the_plain_one_where_nothing_is_divided(key):
    run = descend("himmelblau", key, start=(-0.7, 2.1), steps=20)
    np.testing.assert_array_equal(preconditioned_sharpness(run), sharpness(run))


@pytest.mark.parametrize("key", LIMITED)
def test_stability_limit_follows_the_rate_of_each_step(key):
    run = descend("himmelblau", key, start=(-0.7, 2.1), steps=20, learning_rate=1e-3, rate_changes={8: 5e-4})
    found = stability(run)
    assert found is not None and found.limits.shape == found.sharpness.shape == (run.length + 1,)
    entry = LIMITS[key]
    np.testing.assert_allclose(found.limits[:8], entry.product(run.settings) / 1e-3 - entry.decay(run.settings))
    np.testing.assert_allclose(found.limits[8:], entry.product(run.settings) / 5e-4 - entry.decay(run.settings))
    above = found.sharpness > 0
    np.testing.assert_allclose(
        entry.product(run.settings) / found.rate_limits[above] - entry.decay(run.settings), found.sharpness[above]
    )


@pytest.mark.parametrize("key", sorted(UNKNOWN))
def test_stability_is_none_where_no_limit_is_known(key):
    assert stability(descend("himmelblau", key, start=(-0.7, 2.1), steps=3)) is None


def test_no_rate_is_too_large_where_the_loss_curves_nowhere_up():
    run = descend("six_hump_camel", "gradient_descent", start=(0, 0.6), steps=0)
    hill = descend("styblinski_tang", "gradient_descent", start=(0.1, 0.1), steps=0)
    assert sharpness(hill)[0] < 0
    found = stability(hill)
    assert found is not None and found.rate_limits[0] == np.inf
    assert stability(run) is not None


def test_stability_survives_a_start_without_a_finite_loss_and_a_coordinate_without_slope():
    lost = stability(descend("rosenbrock", "adam", start=(1e90, 0), steps=5))
    assert lost is not None and len(lost.sharpness) == 1
    still = stability(descend("ravine", "adagrad", start=(1, 0), steps=5))
    assert still is not None and np.isfinite(still.sharpness).all()  # y never moves, so it does not count


def test_a_known_landscape_sharpness_needs_no_second_compilation(compilations):
    sharpness(descend("rosenbrock", "adam", steps=20))
    preconditioned_sharpness(descend("himmelblau", "adam", steps=20))
    compilations.clear()
    preconditioned_sharpness(descend("himmelblau", "adam", start=(1, 1), steps=25, learning_rate=0.3, beta1=0.5))
    assert not compilations

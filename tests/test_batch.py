"""Many runs at once are the same runs as one at a time: over learning rates, from a row on, over starts."""

import numpy as np
import pytest

from engine import Batch, Trajectory, descend, dial_rates, fan, swarm
from engine.batch import BATCH_RUNS, BATCH_STEPS, DIAL_RATES
from optimizers import OPTIMIZERS

WITH_RATE = [key for key, method in OPTIMIZERS.items() if "learning_rate" in method.knobs]
LINE_SEARCHES = {"backtracking_line_search", "lbfgs"}


def assert_same_run(batch: Batch, place: int, alone: Trajectory, first: int = 0, key: str = "") -> None:
    """One run of a batch against the run by itself, from a row on.

    A batch is vectorised, so sums of products may be fused in another order: a rounding each step, which the
    surfaces here (no chaos, no kinks crossed) do not blow up.
    """
    assert batch.lengths[place] == max(min(alone.length - first, batch.steps), 0)
    rows = slice(first, first + batch.steps + 1)
    np.testing.assert_allclose(batch.points[place], alone.points[rows], rtol=1e-7, atol=1e-9, err_msg=key)
    np.testing.assert_allclose(batch.losses[place], alone.losses[rows], rtol=1e-6, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("key", WITH_RATE)
def test_fan_runs_are_the_runs_of_descend(key):
    default = OPTIMIZERS[key].knobs["learning_rate"].default
    rates = np.array([0.2, 0.7, 1.0]) * default
    batch = fan("himmelblau", key, rates=rates, start=(-4, 3), steps=40)
    for place, rate in enumerate(rates):
        assert_same_run(batch, place, descend("himmelblau", key, start=(-4, 3), steps=40, learning_rate=rate), key=key)


@pytest.mark.parametrize("key", WITH_RATE)
def test_fan_from_a_row_keeps_the_past_and_the_memory(key):
    default = OPTIMIZERS[key].knobs["learning_rate"].default
    batch = fan("himmelblau", key, rates=[0.3 * default, 0.9 * default], start=(-4, 3), steps=25, first=15)
    alone = descend("himmelblau", key, start=(-4, 3), steps=40, rate_changes={15: 0.3 * default})
    assert batch.first == 15
    assert_same_run(batch, 0, alone, first=15, key=key)


def test_fan_diverging_runs_end_where_they_end_alone():
    rates = dial_rates("gradient_descent")
    batch = fan("rosenbrock", "gradient_descent", rates=rates, steps=300)
    for place in range(0, DIAL_RATES, 8):
        alone = descend("rosenbrock", "gradient_descent", steps=300, learning_rate=rates[place])
        # Where a run explodes, roundings grow with it: the row at which it stops being finite may move by one.
        assert abs(int(batch.lengths[place]) - alone.length) <= 1
        assert np.isnan(batch.losses[place, batch.lengths[place] + 1 :]).all()
        assert batch.run(place).status == alone.status


def test_fan_a_rate_of_zero_stands_still_but_moves_when_the_rate_does():
    batch = fan("bowl", "gradient_descent", rates=[0, 0.25], start=(4, 2), steps=3, first=2, learning_rate=0)
    assert batch.at_rest.tolist() == [True, False]
    np.testing.assert_array_equal(batch.points[1, :, 0], [4, 2, 1, 0.5])


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_swarm_runs_are_the_runs_of_descend(key):
    starts = [(-4, 3), (2.5, 6), (0.25, -7)]
    batch = swarm("himmelblau", key, starts=starts, steps=30)
    for place, start in enumerate(starts):
        assert_same_run(batch, place, descend("himmelblau", key, start=start, steps=30), key=key)
        assert tuple(batch.points[place, 0]) == start


def test_batch_of_another_size_parameter_rate_or_row_compiles_nothing(compilations):
    fan("ravine", "adam", rates=[0.1])
    compilations.clear()
    for count in (1, 5, BATCH_RUNS):
        fan("ravine", "adam", rates=np.full(count, 0.2), steps=count, first=count, start=(1, 2), condition_number=9)
        swarm("ravine", "adam", starts=np.zeros((count, 2)), steps=BATCH_STEPS, beta1=0.5)
    assert compilations == []


def test_batch_run_is_refused_where_its_beginning_is_not_kept():
    with pytest.raises(ValueError, match="from row 3 on"):
        fan("bowl", "adam", rates=[0.1], first=3).run(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fan("bowl", "lbfgs", rates=[0.1]), "lbfgs has no learning rate"),
        (lambda: fan("bowl", "adam", rates=[-1]), "learning_rate = -1"),
        (lambda: fan("bowl", "adam", rates=[]), "0 runs at once are not allowed: 1 to 128"),
        (lambda: fan("bowl", "adam", rates=[0.1] * 129), "129 runs at once"),
        (
            lambda: fan("bowl", "adam", rates=[0.1], steps=501),
            "steps = 501 is not allowed: .* from 0 to 500",
        ),
        (lambda: fan("bowl", "adam", rates=[0.1], first=-1), "first = -1"),
        (lambda: swarm("bowl", "adam", starts=[(0, np.inf)]), "two finite numbers"),
        (lambda: dial_rates("newton_raphson"), "there is no optimizer"),
    ],
)
def test_batch_refuses_what_it_cannot_run(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_dial_rates_are_evenly_spaced_on_the_knobs_scale():
    rates = dial_rates("adam")
    knob = OPTIMIZERS["adam"].knobs["learning_rate"]
    assert rates.shape == (DIAL_RATES,) and rates[0] == knob.low and rates[-1] == pytest.approx(knob.high, rel=1e-15)
    np.testing.assert_allclose(rates[1:] / rates[:-1], (knob.high / knob.low) ** (1 / 120), rtol=1e-12)

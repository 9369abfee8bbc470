"""Runs under a schedule: their rates, their paths against loops in NumPy, and what looks at the rate of each step."""

from typing import Any

import numpy as np
import pytest

from engine import MAX_STEPS, descend, diagnose, fan, verdicts
from engine.compare import contend
from engine.memories import memories
from engine.sharpness import stability
from optimizers import SCHEDULES
from tests.hand_surfaces import SURFACES
from tests.test_twists import START, heavy_ball, loop, normal

SCHEDULED: dict[str, Any] = {"schedule": "warm_restarts", "period": 17, "final": 0.05}


def shares(steps):
    t = np.arange(steps)
    return 0.05 + 0.95 * (1 + np.cos(np.pi * (t % 17) / 17)) / 2


@pytest.mark.parametrize(
    "twists", [{}, {"noise": 2.0, "temperature": 0.2, "weight_decay": 0.4}], ids=["plain", "twisted"]
)
def test_descend_under_a_schedule_is_a_loop_with_its_rates(twists):
    run = descend("himmelblau", "momentum", start=START, steps=80, learning_rate=0.003, **SCHEDULED, **twists)
    np.testing.assert_allclose(run.learning_rates, 0.003 * shares(80), rtol=1e-12)
    path, _ = loop(heavy_ball, 80, 0.003 * shares(80), **twists)
    np.testing.assert_allclose(run.points, path, rtol=1e-9, atol=1e-9)


def test_rate_changes_under_a_schedule_are_new_peaks():
    run = descend(
        "himmelblau", "momentum", start=START, steps=80, learning_rate=0.003, rate_changes={30: 0.001}, **SCHEDULED
    )
    rates = np.where(np.arange(80) < 30, 0.003, 0.001) * shares(80)
    np.testing.assert_allclose(run.learning_rates, rates, rtol=1e-12)
    np.testing.assert_allclose(run.points, loop(heavy_ball, 80, rates)[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("first", [0, 25])
def test_fan_under_a_schedule_dials_its_peak(first):
    rates = [0.0005, 0.002]
    settings: dict[str, Any] = {"start": START, "learning_rate": 0.003, "rate_changes": {10: 0.001}, "noise": 1.0}
    if not first:
        settings["rate_changes"] = ()
    batch = fan(
        "himmelblau", "momentum", rates=rates, steps=60 - first, first=first, schedule="cosine", seed=2, **settings
    )
    for place, rate in enumerate(rates):
        own: dict[str, Any] = {**settings, "rate_changes": {**dict(settings["rate_changes"]), first: rate}}
        alone = descend("himmelblau", "momentum", steps=60, schedule="cosine", seed=2, **own)
        np.testing.assert_allclose(batch.points[place], alone.points[first:], rtol=1e-9, atol=1e-9)
    assert batch.twists.schedule_steps == 60


def test_schedule_may_be_made_for_another_number_of_steps():
    short = descend("bowl", "adam", steps=40, schedule="polynomial", schedule_steps=1000, final=0)
    np.testing.assert_allclose(short.learning_rates, short.settings["learning_rate"] * (1 - np.arange(40) / 1000))
    cut = contend("bowl", "sophia", budget=40, schedule="polynomial", final=0)  # pays for Hessians: fewer steps
    assert cut.steps < 40 and len(cut.clipped) == cut.steps
    np.testing.assert_allclose(cut.learning_rates, cut.settings["learning_rate"] * (1 - np.arange(cut.steps) / 40))


@pytest.mark.parametrize("key", SCHEDULES)
def test_schedule_reaches_every_step_of_the_longest_run(key):
    run = descend("bowl", "gradient_descent", start=(1, 1), steps=MAX_STEPS, learning_rate=1e-4, schedule=key)
    assert run.learning_rates.shape == (MAX_STEPS,) and run.rates(MAX_STEPS + 1).shape == (MAX_STEPS + 1,)
    np.testing.assert_allclose(run.points[1:, 0], np.cumprod(1 - 2 * run.learning_rates), rtol=1e-9)


def test_schedule_lets_a_run_stand_still_before_it_moves():
    run = descend("bowl", "gradient_descent", start=(1, 0), steps=20, learning_rate=0.1, schedule="warmup_cosine")
    assert run.points[1, 0] == 1 and run.points[2, 0] < 1 and run.length == 20


def test_memories_of_a_scheduled_and_twisted_run_belong_to_its_steps():
    settings: dict[str, Any] = {
        "start": START, "learning_rate": 0.003, "clip_norm": 9.0, "noise": 3.0, "weight_decay": 0.2, "seed": 4,
    }  # fmt: skip
    run = descend("himmelblau", "momentum", steps=40, **settings, **SCHEDULED)
    longer = descend("himmelblau", "momentum", steps=41, **settings, **SCHEDULED)
    found = memories(run)
    np.testing.assert_allclose(found.points, longer.points, rtol=1e-12)
    velocity, rows = np.zeros(2), [np.zeros(2)]
    for t in range(41):
        g = SURFACES["himmelblau"].gradient(run.points[t]) + 3.0 * normal(4, t)[0]
        g = g * min(1, 9.0 / np.linalg.norm(g))
        np.testing.assert_allclose(found.gradients[t], g, rtol=1e-9, atol=1e-9)
        velocity = 0.9 * velocity + g
        rows.append(velocity)
    np.testing.assert_allclose(found.values["v_t"], rows, rtol=1e-9, atol=1e-9)


def test_stability_limits_follow_the_schedule():
    run = descend("ravine", "gradient_descent", steps=50, learning_rate=0.01, schedule="cosine", final=0.1)
    found = stability(run)
    assert found is not None
    np.testing.assert_allclose(found.limits, 2 / run.rates(51), rtol=1e-12)
    assert found.limits[0] == pytest.approx(200) and found.limits[50] == pytest.approx(2000)


def test_diagnose_judges_a_run_under_a_schedule_by_its_peak():
    """Falling to nothing is what a schedule is for: only a peak that is too low crawls. A batch is told the same."""
    for rate, verdict in ((0.002, "descending"), (1e-5, "crawling")):
        run = descend(
            "ravine", "gradient_descent", condition_number=100, learning_rate=rate, schedule="cosine", final=0
        )
        assert diagnose(run).verdict == verdict
        batch = fan("ravine", "gradient_descent", condition_number=100, rates=[rate], schedule="cosine", final=0)
        assert verdicts(batch) == [verdict]
        if verdict == "crawling":
            assert diagnose(run).evidence["rate_factor"] == pytest.approx(1 / (rate * 100))

"""The rates worth showing: on quadratics they are where the closed forms put them."""

import math
from typing import Any

import numpy as np
import pytest

from engine import Batch, descend, diagnose, dial_rates, fan
from engine.presets import Findings, findings

NOTCH = (10 / 1e-5) ** (1 / 120)  # from one rate of the dial to the next


def found_on(landscape: str, optimizer: str, **settings: Any) -> tuple[Batch, Findings, dict[str, float | None]]:
    batch = fan(landscape, optimizer, rates=dial_rates(optimizer), steps=500, **settings)
    shown = findings(batch)
    return batch, shown, {preset.name: preset.rate for preset in shown.presets}


@pytest.mark.parametrize("sharpest", [10.0, 100.0, 1000.0])
def test_presets_of_gradient_descent_lie_where_the_closed_forms_say(sharpest: float):
    _, shown, rates = found_on("ravine", "gradient_descent", condition_number=sharpest)  # its Hessian is diag(1, κ)
    small, right, over, edge, beyond = rates.values()
    assert right is not None and small is not None and over is not None and edge is not None and beyond is not None
    assert edge == pytest.approx(2 / sharpest, rel=1e-12)
    # The longest steps that do not overshoot are 1/λ; of those the dial's rates are at most a notch, and half a per
    # cent of rounding, away.
    assert 1 / sharpest / NOTCH / 1.005 <= right <= 1.005 / sharpest
    assert 1 / sharpest < over < 2 / sharpest
    assert small <= right / 10 * 1.005
    assert 1.2 * edge <= beyond * 1.005 <= 1.2 * edge * NOTCH * 1.01
    assert shown.limit_at_start == pytest.approx(2 / sharpest, rel=1e-12)
    calm = shown.verdicts != "diverged"
    assert shown.limits_at_end[calm] == pytest.approx(2 / sharpest, rel=1e-12)
    assert np.isnan(shown.limits_at_end[~calm]).all()


@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_edge_of_the_heavy_ball_is_polyaks_limit(momentum: float):
    _, shown, rates = found_on("ravine", "momentum", condition_number=50.0, momentum=momentum)
    assert rates["on the edge"] == pytest.approx(2 * (1 + momentum) / 50, rel=1e-12)
    assert shown.limit_at_start == pytest.approx(2 * (1 + momentum) / 50, rel=1e-12)


@pytest.mark.parametrize(
    ("landscape", "optimizer"), [("rosenbrock", "gradient_descent"), ("rosenbrock", "momentum"), ("beale", "nesterov")]
)
def test_runs_at_the_presets_are_what_their_names_say(landscape: str, optimizer: str):
    _, _, rates = found_on(landscape, optimizer)
    verdict = {
        name: diagnose(descend(landscape, optimizer, steps=500, learning_rate=rate)).verdict
        for name, rate in rates.items()
        if rate is not None
    }
    assert verdict["diverging"] == "diverged"
    assert verdict["on the edge"] != "diverged"
    assert verdict["just right"] not in ("diverged", "overshooting", "circling", "wandering")
    assert verdict.get("too small", "crawling") == "crawling"
    assert verdict.get("overshooting", "overshooting") == "overshooting"
    edge, beyond = rates["on the edge"], rates["diverging"]
    assert edge is not None and beyond is not None and edge < beyond


def test_edge_is_found_between_two_rates_of_the_dial():
    batch, _, rates = found_on("rosenbrock", "momentum", momentum=0.9)
    edge = rates["on the edge"]
    assert edge is not None
    place = int(np.searchsorted(batch.learning_rates, edge))
    assert batch.learning_rates[place - 1] <= edge <= batch.learning_rates[place]
    runs = [descend("rosenbrock", "momentum", steps=500, learning_rate=edge * factor) for factor in (1, NOTCH)]
    assert [diagnose(run).verdict == "diverged" for run in runs] == [False, True]


def test_missing_preset_says_why():
    _, shown, rates = found_on("bowl", "rprop")  # its steps are bounded whatever the slope
    for preset in shown.presets:
        assert preset.reason
        assert preset.rate is None or math.isfinite(preset.rate)
    assert rates["diverging"] is None


def test_adaptive_optimizer_has_no_limit_at_a_point():
    _, shown, _ = found_on("bowl", "adam")
    assert math.isnan(shown.limit_at_start) and np.isnan(shown.limits_at_end).all()


def test_presets_from_a_step_on_are_judged_from_there():
    rates = dial_rates("gradient_descent")
    batch = fan("ravine", "gradient_descent", rates=rates, first=40, steps=460, learning_rate=0.005)
    presets = {preset.name: preset.rate for preset in findings(batch).presets}
    assert presets["on the edge"] == pytest.approx(2 / 100, rel=1e-12)

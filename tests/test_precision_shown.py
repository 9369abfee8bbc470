"""The page of a run below float64: its twin beside it, where they part, and the steps that are left out."""

import math

import numpy as np
import pytest

from engine import descend
from engine.twin import parting, twin
from tests.test_explore import address, choose, opened, query, set_number, shown, unfolded
from tests.test_stage import SHARE, numbers_in, read
from ui.explanation import explain, work
from ui.outcome import beside_twin, facts
from ui.scenario import from_query, run, scenario_of, to_query
from ui.stage.payload import pack_runs

NARROW = {"precision": "bfloat16", "steps": 60, "learning_rate": 0.0015, "momentum": 0.95}


def test_twin_travels_beside_a_run_below_float64_on_the_same_axes():
    coarse = descend("rosenbrock", "momentum", **NARROW)
    exact = descend("rosenbrock", "momentum", **{**NARROW, "precision": "float64"})
    header, arrays = read(pack_runs([coarse], 0))
    points = np.stack([numbers_in(arrays[name]) for name in ("x_twin", "y_twin")], axis=1)
    assert points == pytest.approx(exact.points, rel=2**-16)
    assert numbers_in(arrays["loss_twin"]) == pytest.approx(exact.losses, rel=2**-16)
    tallest = math.log10(1 + 2509)  # the loss at (-2, -1), the highest corner
    assert arrays["height_twin"] * SHARE == pytest.approx(np.log10(1 + exact.losses) / tallest, abs=SHARE)
    low, high = header["curve"]["low"], header["curve"]["high"]
    for name, t in (("ordinate0", coarse), ("ordinate_twin", exact)):
        decades = low + arrays[name] * SHARE * (high - low)
        assert decades == pytest.approx(np.log10(t.losses), abs=2 * (high - low) * SHARE)
    away = np.hypot(*(coarse.points - exact.points).T)
    apart = int((away > 0.01 * 4).argmax())  # the map is 4 by 4
    assert apart and header["twin"]["parted"] == apart
    assert (header["twin"]["label"], header["twin"]["of"]) == ("float64 twin", "bfloat16")
    assert header["runs"][0]["label"] == "Momentum (heavy ball) in bfloat16"
    assert beside_twin(coarse).startswith(
        f"From step {apart} on it is further than 1 % of the map from its float64 twin"
    )


def test_run_in_float64_and_several_runs_carry_no_twin():
    plain = descend("bowl", "gradient_descent", steps=20)
    coarse = descend("bowl", "gradient_descent", steps=20, precision="float16")
    for runs in ([plain], [coarse, coarse]):
        header, arrays = read(pack_runs(runs, 0))
        assert header["twin"] is None and not any("twin" in name for name in arrays)
    assert beside_twin(plain) == ""
    assert beside_twin(coarse) == "It stays within 1 % of the map of its float64 twin."


def test_steps_that_are_left_out_are_marked_and_counted_and_are_not_clipped():
    t = descend("himmelblau", "adam", steps=80, precision="float16", loss_scaling="dynamic", scale_growth=20)
    header, arrays = read(pack_runs([t], 0))
    still = (np.diff(t.points, axis=0) == 0).all(axis=1)
    assert still[arrays["skipped0"] == 1].all() and arrays["skipped0"].sum() >= 2
    left_out = int(arrays["skipped0"].sum())
    assert (
        f"{left_out} steps left out" in header["runs"][0]["summary"] and "clipped" not in header["runs"][0]["summary"]
    )
    assert f"{left_out} steps are left out, the first at 1: the scaled gradient overflowed" in beside_twin(t)
    assert t.loss_scales is not None
    assert facts(t)["Loss scale"] == f"32,768 → {t.loss_scales[-1]:,.0f}"


def test_rule_of_a_run_with_steps_left_out_is_worked_through_with_the_steps_that_were_made():
    t = descend("himmelblau", "adam", steps=80, precision="float16", loss_scaling="dynamic", scale_growth=20)
    known, lines = work(t)
    (moved,) = (worked for line in lines for worked in line if worked.statement.name == "x_t")
    assert moved.computed is not None and t.skipped[:10].sum() >= 3
    made = ~np.append(t.skipped, True)
    # Adam's averages are kept in float16, whose numbers near 3 are 0.002 apart; a wrong t would be off by half a step.
    assert np.abs(moved.computed - known["x_t"])[made].max() < 0.003
    assert "t does not count it" in explain(t).note


def test_run_that_breaks_where_its_twin_goes_on_has_no_mark_beyond_its_end():
    # The loss where it begins is 0.5 · 1.5² + 50 · 40² = 80,001, beyond 65,504, the largest number of float16.
    t = descend("ravine", "momentum", start=(1.5, 40), steps=30, learning_rate=2**-8, precision="float16")
    other = twin(t)
    assert t.length == 0 and other.length == 30 and parting(t, other) == 1
    assert read(pack_runs([t], 0))[0]["twin"]["parted"] is None
    assert beside_twin(t) == "Its float64 twin goes on from there."


def test_precision_is_a_choice_that_goes_into_the_run_and_the_address():
    page = unfolded(opened({"surface": "himmelblau", "optimizer": "adam", "steps": "50"}), "twists")
    assert "loss_scaling" not in {choice.key for choice in page.selectbox}
    choose(page, "precision", "float16")
    choose(page, "loss_scaling", "static")
    set_number(page, "twists.loss_scale", 1024)
    assert "twists.scale_growth" not in {field.key for field in page.number_input}
    assert [query(page, name) for name in ("precision", "loss_scaling", "loss_scale")] == ["float16", "static", "1024"]
    t = run(page.session_state["scenario"])
    assert (t.twists.precision, t.twists.loss_scale) == ("float16", 1024)
    assert "float64 twin" in shown(page)
    choose(page, "loss_scaling", "dynamic")
    assert "twists.scale_growth" in {field.key for field in page.number_input}
    choose(page, "schedule", "cosine")  # which leaves the rest as it is
    assert query(page, "precision") == "float16"
    choose(page, "optimizer", "lbfgs")  # takes derivatives of its own
    assert "loss_scaling" not in {choice.key for choice in page.selectbox} and query(page, "loss_scaling") is None
    choose(page, "precision", "float64")
    assert "precision" not in address(page)


def test_precision_comes_back_from_its_address():
    asked = {"precision": "float16", "loss_scaling": "dynamic", "scale_growth": "20"}
    scenario, ignored = from_query(asked)
    assert not ignored and to_query(scenario) == asked
    assert scenario_of(run(scenario)) == scenario
    scenario, (told,) = from_query({"precision": "float8"})
    assert "float64, float32, bfloat16 or float16" in told and to_query(scenario) == {}

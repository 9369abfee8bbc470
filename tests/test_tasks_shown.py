"""Continual learning as it is drawn and told: the losses on both tasks over the steps, and where the task changes."""

import numpy as np
import pytest

from engine import descend
from landscapes import LANDSCAPES
from tests.test_track import unpacked
from ui.display import curve
from ui.outcome import task_losses
from ui.stage.fan import fan_addresses
from ui.stage.payload import pack_runs, summary

RUN = descend("two_tasks", "gradient_descent", steps=80, learning_rate=2e-3, task_change=50, consolidation=0)


def test_losses_are_those_that_the_steps_of_each_task_descend():
    losses = task_losses(RUN)
    assert losses is not None and list(losses) == ["error on A, %", "error on B, %"]
    step_loss = LANDSCAPES["two_tasks"].step_loss
    assert step_loss is not None
    for number, values in zip((0, 99), losses.values(), strict=True):  # before the change, and after it
        wanted = [step_loss(point, number, **RUN.parameters) for point in RUN.points]
        np.testing.assert_allclose(values, wanted, rtol=1e-12)
    np.testing.assert_allclose(sum(losses.values()) / 2, RUN.losses, rtol=1e-12)  # the surface is the mean of both


def test_first_task_is_forgotten_from_the_change_on_and_that_is_said():
    first, second = (task_losses(RUN) or {}).values()
    assert np.all(np.diff(first[:51]) < 0) and np.all(np.diff(first[51:]) > 0)
    assert np.all(np.diff(second[50:]) < 0)
    told = summary(RUN)
    assert f"error on A, % {first[50]:.3g} when the task changes, {first[-1]:.3g} at the end" in told


def test_curves_of_both_tasks_are_drawn_on_the_axis_of_their_mean():
    header, arrays = unpacked(pack_runs([RUN], 0, scale="tasks"))
    axis = header["curve"]
    for name, values in zip(("first_task0", "second_task0"), (task_losses(RUN) or {}).values(), strict=True):
        drawn = axis["low"] + arrays[name] / 65535 * (axis["high"] - axis["low"])
        within = values < axis["high"]
        np.testing.assert_allclose(drawn[within], values[within], atol=(axis["high"] - axis["low"]) / 65535)
        assert np.all(arrays[name][~within] == 65535)
    assert header["runs"][0]["tasks"] == {"names": ["error on A, %", "error on B, %"], "change": 50}
    assert "curve=tasks" in (fan_addresses(RUN, 500, "tasks") or {})["whole"]


def test_other_surfaces_have_no_tasks():
    run = descend("bowl", "gradient_descent", steps=2, learning_rate=0.1)
    header, arrays = unpacked(pack_runs([run], 0))
    assert task_losses(run) is None and header["runs"][0]["tasks"] is None and "first_task0" not in arrays
    with pytest.raises(ValueError, match="bowl has no tasks"):
        curve(LANDSCAPES["bowl"], {}, [run.losses], "tasks")

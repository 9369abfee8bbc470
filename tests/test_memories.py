"""What an optimizer remembers: the rows of its real state, against the run itself and against rules in plain NumPy."""

import numpy as np
import pytest

from engine import descend
from engine.memories import memories
from engine.program import WINDOW
from optimizers import OPTIMIZERS
from tests.hand_surfaces import SURFACES
from tests.test_optimizers import OTHER, STARTS

STEPS = 40


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_memories_belong_to_the_very_steps_of_the_run(key):
    start = STARTS["himmelblau"]
    run = descend("himmelblau", key, start=start, steps=STEPS, **OTHER[key])
    longer = descend("himmelblau", key, start=start, steps=STEPS + 1, **OTHER[key])
    found = memories(run)
    rows = run.length + 1
    assert all(len(values) == rows + 1 for values in found.values.values())
    assert found.gradients.shape == (rows, 2)
    np.testing.assert_array_equal(found.points[:rows], run.points[:rows])
    if OPTIMIZERS[key].report is None:
        np.testing.assert_array_equal(found.iterates[:rows], run.points[:rows])
        np.testing.assert_array_equal(found.gradients, run.gradients[:rows])
    if longer.length > run.length:  # else the run is at rest, and so is the step beyond it
        # The same step by another program: the last bits of schedule-free's average may differ.
        np.testing.assert_allclose(found.points[-1], longer.points[rows], rtol=1e-13, atol=1e-13)
    else:
        np.testing.assert_allclose(found.points[-1], run.points[run.length], rtol=1e-13)


def averages(run, k, key="himmelblau"):
    """Adam's two averages by its paper, one row for each number of steps made."""
    m, v, rows = np.zeros(2), np.zeros(2), [(np.zeros(2), np.zeros(2))]
    for point in run.points[: run.length + 1]:
        g = SURFACES[key].gradient(point)
        m, v = k["beta1"] * m + (1 - k["beta1"]) * g, k["beta2"] * v + (1 - k["beta2"]) * g**2
        rows.append((m, v))
    return (np.array(column) for column in zip(*rows, strict=True))


def test_memories_of_adam_are_its_two_averages():
    run = descend("himmelblau", "adam", start=(-0.7, 2.1), steps=STEPS, **OTHER["adam"])
    first, second = averages(run, OTHER["adam"])
    found = memories(run).values
    np.testing.assert_allclose(found["m_t"], first, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found["v_t"], second, rtol=1e-12, atol=1e-12)


def test_memories_of_a_heavy_ball_go_on_when_the_rate_changes_and_over_the_program_s_window():
    run = descend("bowl", "momentum", steps=WINDOW + 60, learning_rate=1e-4, rate_changes={WINDOW + 20: 1e-3})
    velocity, rows = np.zeros(2), [np.zeros(2)]
    for t in range(run.length + 1):
        velocity = run.settings["momentum"] * velocity + 2 * run.points[t]
        rows.append(velocity)
    found = memories(run)
    np.testing.assert_allclose(found.values["v_t"], rows, rtol=1e-12)
    np.testing.assert_allclose(
        found.updates[: run.length], -run.learning_rates[:, None] * np.array(rows)[1:-1], rtol=1e-9
    )
    np.testing.assert_allclose(found.updates[-1], -1e-3 * rows[-1], rtol=1e-9)


def test_memories_of_lbfgs_hold_the_inverse_hessian_of_a_parabola():
    run = descend("ravine", "lbfgs", start=(1, 1), condition_number=7, steps=30)
    found = memories(run).values["B"]
    # Two independent pairs determine a 2 x 2 matrix; after more steps rounding is all that is left of a pair.
    np.testing.assert_allclose(found[4], np.diag([1, 1 / 7]), rtol=0.05, atol=0.05)


def test_memories_show_the_step_that_broke_a_run():
    run = descend("quartic", "gradient_descent", start=(1, 1), learning_rate=1, steps=50)
    assert run.status == "diverged"
    found = memories(run)
    assert np.isfinite(found.points[:-1]).all() and found.points.shape == (run.length + 2, 2)


def test_memories_of_no_steps_are_those_of_the_first():
    found = memories(descend("bowl", "momentum", start=(1, 2), steps=0, learning_rate=0.1))
    np.testing.assert_allclose(found.values["v_t"], [[0, 0], [2, 4]])
    np.testing.assert_allclose(found.updates, [[-0.2, -0.4]])


def test_memories_compile_nothing_for_another_start_setting_or_number_of_steps(compilations):
    memories(descend("himmelblau", "momentum", steps=20))
    compilations.clear()
    memories(descend("himmelblau", "momentum", start=(1, 1), steps=900, learning_rate=1e-3, momentum=0.3))
    assert not compilations

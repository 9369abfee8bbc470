"""Mini-batches: which examples each step looks at, and that its step is the one their gradient asks for."""

import numpy as np
import pytest

from engine import descend, fan, swarm
from engine.memories import memories
from landscapes import LANDSCAPES

INPUTS, TARGETS = np.array([1.0, 2, 3, 4]), np.array([3.0, 5, 7, 9])
"""The table of `line_fit`."""


def slopes(p):
    """The gradient of each example's squared error, shape (4, 2), for the line p[0] x + p[1]."""
    wrong = p[0] * INPUTS + p[1] - TARGETS
    return 2 * wrong[:, None] * np.stack([INPUTS, np.ones(4)], axis=1)


@pytest.mark.parametrize("size", [1, 2, 3, 4, None])
def test_batch_size_steps_are_a_loop_in_numpy_over_the_same_batches(size):
    run = descend(
        "line_fit", "gradient_descent", start=(-0.5, 0.3), steps=50, learning_rate=0.02, batch_size=size, seed=6
    )
    point, path = np.array(run.start), [run.start]
    for members in run.mini_batches:
        point = point - 0.02 * slopes(point)[members].mean(axis=0)
        path.append(point)
    np.testing.assert_allclose(run.points, path, rtol=1e-9)
    # What is recorded is the loss and gradient over all examples.
    np.testing.assert_allclose(run.gradients, [slopes(p).mean(axis=0) for p in run.points], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        run.losses, [np.mean((p[0] * INPUTS + p[1] - TARGETS) ** 2) for p in run.points], rtol=1e-9
    )


@pytest.mark.parametrize(("key", "size"), [("line_fit", 1), ("line_fit", 3), ("diabetes_standardised", 100)])
def test_batch_size_visits_each_example_once_in_each_epoch(key, size):
    examples = LANDSCAPES[key].examples
    run = descend(key, "gradient_descent", steps=60, batch_size=size, learning_rate=1e-3)
    each = -(-examples // size)
    assert run.epochs.tolist() == list(range(0, 60, each))
    assert run.mini_batches.shape == (60, examples)
    for begin in run.epochs[:-1]:
        epoch = run.mini_batches[begin : begin + each]
        assert (epoch.sum(axis=0) == 1).all()
        assert epoch.sum(axis=1).tolist() == [size] * (examples // size) + [examples % size] * (examples % size > 0)


def test_batch_size_shuffles_every_epoch_and_every_seed_anew():
    """Of the 24 orders of four examples all are met, about equally often: chi-squared with 23 degrees of freedom."""
    orders = []
    for seed in range(30):
        run = descend("line_fit", "gradient_descent", steps=400, batch_size=1, learning_rate=1e-3, seed=seed)
        orders += [tuple(epoch.argmax(axis=1)) for epoch in run.mini_batches.reshape(100, 4, 4)]
    _, counts = np.unique(orders, axis=0, return_counts=True)
    expected = len(orders) / 24
    assert len(counts) == 24
    assert np.sum((counts - expected) ** 2 / expected) < 49.7  # exceeded by one in a thousand


@pytest.mark.parametrize(("key", "size"), [("line_fit", 3), ("diabetes_standardised", 50)])
def test_batch_gradients_of_an_epoch_have_the_full_gradient_for_their_mean(key, size):
    """At a point where a rate of 0 holds the run; each batch weighs as many examples as it has."""
    landscape = LANDSCAPES[key]
    run = descend(
        key, "gradient_descent", steps=-(-landscape.examples // size), batch_size=size, learning_rate=0, seed=3
    )
    given = memories(run).gradients[:-1]
    sizes = run.mini_batches.sum(axis=1)
    np.testing.assert_allclose(sizes @ given / sizes.sum(), run.gradients[0], rtol=1e-6)
    assert np.ptp(given, axis=0).min() > 0  # and no two of them are the same


def test_batch_size_of_all_examples_is_batch_gradient_descent():
    full = descend("line_fit", "adam", steps=40)
    for size in (4, None):
        run = descend("line_fit", "adam", steps=40, batch_size=size)
        np.testing.assert_array_equal(run.points, full.points)
        assert run.twists.batch_size is None and run.epochs.tolist() == list(range(40)) and run.mini_batches.all()
    twisted = descend("line_fit", "adam", steps=40, batch_size=4, clip_norm=1e99)
    np.testing.assert_allclose(twisted.points, full.points, rtol=1e-9)
    assert descend("bowl", "adam", steps=40).epochs.size == 0


def test_batch_runs_with_mini_batches_are_single_ones_and_windows_agree():
    batch = swarm("line_fit", "momentum", seeds=[4, 9], steps=45, batch_size=3, learning_rate=0.01)
    dialled = fan("line_fit", "momentum", rates=[0.01, 0.02], steps=45, batch_size=3, seed=9)
    for place, seed in enumerate((4, 9)):
        alone = descend("line_fit", "momentum", steps=45, batch_size=3, seed=seed, learning_rate=0.01)
        np.testing.assert_allclose(batch.points[place], alone.points, rtol=1e-9)
    alone = descend("line_fit", "momentum", steps=45, batch_size=3, seed=9, learning_rate=0.02)
    np.testing.assert_allclose(dialled.points[1], alone.points, rtol=1e-9)
    long = descend("line_fit", "momentum", steps=1100, batch_size=3, learning_rate=0.01, seed=2)
    short = descend("line_fit", "momentum", steps=480, batch_size=3, learning_rate=0.01, seed=2)
    np.testing.assert_array_equal(long.points[:481], short.points)
    assert np.isfinite(long.points).all() and long.length == 1100


def test_batch_size_compiles_nothing_when_it_changes(compilations):
    for call in (descend, swarm):
        call("line_fit", "momentum", steps=9, batch_size=2)
    _ = descend("line_fit", "momentum", steps=9, batch_size=2).mini_batches
    compilations.clear()
    for size in (1, 2, 3, 4):
        _ = descend("line_fit", "momentum", steps=9 * size, batch_size=size, noise=0.1, seed=size).mini_batches
        swarm("line_fit", "momentum", seeds=range(size), steps=9, batch_size=size, noise=0.1)
    assert compilations == []


@pytest.mark.parametrize("size", [0, 5, 2.5, "all", True])
def test_batch_size_is_refused_naming_what_is_allowed(size):
    with pytest.raises(ValueError, match=f"batch_size = {size!r} is not allowed: a whole number from 1 to 4"):
        descend("line_fit", "adam", batch_size=size)
    with pytest.raises(ValueError, match="bowl has no data"):
        descend("bowl", "adam", batch_size=size)

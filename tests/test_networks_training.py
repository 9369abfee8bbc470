"""Training: against recorded PyTorch, rules in plain NumPy, and what must hold whatever the numbers are."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from networks import TRAINERS, Network, Task, can_train, find_task, initial_parameters, network_for, train
from networks.learning import advance, begin
from networks.network import Layer
from networks.train import checked_course, mini_batches
from optimizers import OPTIMIZERS
from tests import network_oracles as oracle

RECORDED = json.loads((Path(__file__).parent / "data" / "torch_training.json").read_text())
MOONS = network_for(find_task("moons"), (6,))


def of_digits(count):
    """The first digits as a task, with a few of them for the test as well."""
    pixels, digits = load_digits(return_X_y=True)
    x, y = np.asarray(pixels, np.float32)[:count] / 16, np.asarray(digits, np.int32)[:count]
    return Task("digits", "", x, y, x[:20], y[:20], 10, "")


@pytest.mark.parametrize("key", RECORDED["runs"])
def test_losses_are_those_of_pytorch(key):
    run = RECORDED["runs"][key]
    weights = tuple(Layer(np.array(w, np.float32), np.array(b, np.float32)) for w, b in RECORDED["weights"])
    network = Network(64, 10, (12, 8))
    made = train(
        of_digits(200), network, key, steps=100, seed=run["seed"], parameters=weights, batch_size=run["batch_size"],
        **run["knobs"],
    )  # fmt: skip
    np.testing.assert_allclose(made.losses, run["losses"], atol=1e-4)
    assert made.losses[-1] < 0.1 * made.losses[0]


def test_a_step_is_decayed_clipped_and_scheduled_in_the_order_of_the_model():
    """Softmax regression, whose gradient is inputs' (shares - labels) / n, three steps in float64."""
    task, network = of_digits(40), Network(64, 10, ())
    made = train(
        task, network, "gradient_descent", steps=3, learning_rate=0.5, schedule="polynomial", final=0.1, l2=0.3,
        weight_decay=0.2, clip_value=0.1, clip_norm=0.3, precision="float64",
    )  # fmt: skip
    weights, bias = (np.asarray(part, float) for part in initial_parameters(network)[0])
    inputs, wanted = task.inputs.astype(float), np.eye(10)[task.labels]
    for number in range(3):
        off = oracle.shares(inputs @ weights + bias) - wanted
        gradients = [inputs.T @ off / 40 + 0.3 * weights, off.mean(axis=0) + 0.3 * bias]
        size = np.sqrt(sum(np.sum(g**2) for g in gradients))
        assert made.gradient_norms[number] == pytest.approx(size, rel=1e-12)
        gradients = [np.clip(g, -0.1, 0.1) for g in gradients]
        length = np.sqrt(sum(np.sum(g**2) for g in gradients))
        rate = 0.5 * (0.1 + 0.9 * (1 - number / 3))
        assert length > 0.3
        weights, bias = (
            p - rate * g * 0.3 / length - rate * 0.2 * p for p, g in zip((weights, bias), gradients, strict=True)
        )
    np.testing.assert_allclose(made.end[0].weights, weights, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(made.end[0].bias, bias, rtol=1e-12, atol=1e-14)
    assert made.clipped.all()


def test_noise_has_its_size_in_every_parameter_and_is_another_at_each_step():
    task, network = of_digits(40), Network(64, 10, ())

    def step(number, **settings):
        made = train(task, network, "gradient_descent", steps=2, learning_rate=0.5, seed=4, **settings)
        return np.diff(made.path, axis=0)[number]

    plain = [step(0, noise=1e-9), step(1, noise=1e-9)]
    shaken = [(step(number, noise=10, noise_decay=1) - plain[number]) / 0.5 for number in (0, 1)]
    np.testing.assert_allclose(np.std(shaken[0]), 10, rtol=0.1)  # 650 numbers: 3.6 times 2.8 %
    assert abs(np.corrcoef(shaken[0], shaken[1])[0, 1]) < 0.15
    assert np.std(shaken[1]) < 0.85 * np.std(shaken[0])  # fades with the root of the steps, and the slope differs
    hot = step(0, temperature=4) - plain[0]
    np.testing.assert_allclose(np.std(hot), np.sqrt(2 * 0.5 * 4), rtol=0.1)


def test_lamb_measures_each_layer_by_itself():
    """Its first step goes along sign(g) nearly, as far as the layer's own norm says; a bias of 0 has the ratio 1."""
    made = train("moons", MOONS, "lamb", steps=1, learning_rate=0.1, epsilon=1e-12)
    for before, after in zip(made.start, made.end, strict=True):
        moved = np.linalg.norm(after.weights - before.weights)
        assert moved == pytest.approx(0.1 * np.linalg.norm(before.weights), rel=1e-4)
        assert np.linalg.norm(after.bias) == pytest.approx(0.1 * np.sqrt(len(after.bias)), rel=1e-4)


@pytest.mark.parametrize("key", TRAINERS)
def test_every_other_optimizer_has_a_program_for_networks(key):
    """Tracing alone, without XLA: shapes and types of what it remembers go round the loop."""
    course = checked_course("moons", MOONS, key, 10, 0, {})
    programs = course.network, course.optimizer, course.kind
    run = jax.eval_shape(begin(*programs), initial_parameters(MOONS), course.turn(0, 0, 1).knobs)
    after, *_ = jax.eval_shape(advance(*programs), run, course.turn(0, 10, 1), course.data)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), after) == jax.tree.map(lambda a: (a.shape, a.dtype), run)


def test_only_methods_that_need_the_whole_hessian_cannot_train():
    assert set(OPTIMIZERS) - set(TRAINERS) == {"newton", "newton_damped", "newton_saddle_free"}
    assert "Hessian" in can_train("newton")


def test_with_zero_weights_the_units_of_a_layer_stay_the_same():
    moons = find_task("moons")
    kept = np.flatnonzero((moons.labels == 0) | (np.arange(200) % 4 == 1))  # unbalanced, so that something moves
    task = Task("moons", "", moons.inputs[kept], moons.labels[kept], moons.test_inputs, moons.test_labels, 2, "")
    made = train(task, network_for(task, (6,), "sigmoid", "zeros"), "adam", steps=40)
    first, second = made.end
    assert np.abs(first.weights).min() > 0.01
    np.testing.assert_array_equal(first.weights, np.repeat(first.weights[:, :1], 6, axis=1))
    np.testing.assert_array_equal(second.weights, np.repeat(second.weights[:1], 6, axis=0))


def test_no_other_number_compiles_anything(compilations):
    train("moons", MOONS, "adam", steps=20, schedule="cosine")  # what draws a schedule is compiled once for all
    compilations.clear()
    train(
        "moons", MOONS, "adam", steps=137, seed=3, learning_rate=0.02, beta1=0.5, epsilon=1e-4, l2=0.1, clip_norm=1.0,
        weight_decay=0.1, schedule="cosine", parameters=initial_parameters(MOONS, 9),
    )  # fmt: skip
    assert not compilations


def test_a_longer_training_begins_as_a_shorter_one():
    short, long = (train("moons", MOONS, "adam", steps=steps) for steps in (37, 730))
    np.testing.assert_array_equal(short.losses, long.losses[:37])
    np.testing.assert_array_equal(long.numbers, np.arange(0, 731, 2))
    np.testing.assert_array_equal(short.path[2::2], long.path[1:19])
    assert short.length == 37 and short.numbers[-1] == 37 and len(short.marks) == 38
    np.testing.assert_allclose(short.train_losses[:-1], short.losses, rtol=1e-5)
    task, layers = short.task, [(layer.weights, layer.bias) for layer in short.end]
    by_hand = oracle.cross_entropy(layers, "tanh", task.test_inputs, task.test_labels)
    assert short.test_losses[-1] == pytest.approx(by_hand, rel=1e-5)
    right = oracle.scores(layers, "tanh", task.test_inputs).argmax(axis=1) == task.test_labels
    assert short.test_accuracies[-1] == pytest.approx(right.mean())


def test_an_epoch_shows_each_example_once():
    order = mini_batches(10, 4, seed=2, first=0, count=6)
    for epoch in (order[:3], order[3:]):
        assert sorted(epoch[epoch >= 0].tolist()) == list(range(10))
        assert (epoch[2] >= 0).sum() == 2
    assert order[:3].tolist() != order[3:].tolist()
    np.testing.assert_array_equal(mini_batches(10, 4, seed=2, first=2, count=3), order[2:5])
    assert mini_batches(10, 4, seed=3, first=0, count=3).tolist() != order[:3].tolist()


def test_divergence_is_a_result():
    network = network_for(find_task("moons"), (6,), "relu")
    made = train("moons", network, "gradient_descent", steps=300, learning_rate=1e6, weight_decay=100)
    assert made.status == "diverged"
    assert 0 < made.length < 300
    assert np.isfinite(made.losses[: made.length + 1]).all() and np.isnan(made.losses[made.length + 1 :]).all()
    assert made.numbers[-1] <= made.length
    assert np.isfinite(made.path).all() and np.isfinite(made.train_losses).all()
    assert made.train_losses[-1] > made.train_losses[0]


def test_a_training_stops_where_it_is_told_to():
    seen = []

    def report(progress):
        seen.append(progress)
        return progress.done < 30

    made = train("moons", MOONS, "adam", steps=100, report=report)
    assert made.status == "stopped" and made.length == 30 == made.numbers[-1]
    assert np.isnan(made.losses[30:]).all()
    assert [p.done for p in seen] == list(range(2, 31, 2)) and {p.steps for p in seen} == {100}
    np.testing.assert_array_equal([p.loss for p in seen], made.losses[1:30:2])

    def raises(progress):
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        train("moons", MOONS, "adam", report=raises)


def test_no_step_keeps_the_start():
    made = train("moons", MOONS, "adam", steps=0)
    assert made.status == "finished" and made.length == 0
    np.testing.assert_array_equal(made.start[0].weights, initial_parameters(MOONS)[0].weights)


def test_narrow_parameters_are_kept_as_they_are_rounded():
    narrow = train("moons", MOONS, "adam", steps=20, precision="bfloat16")
    exact = train("moons", MOONS, "adam", steps=20)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(narrow.parameters)} == {"bfloat16"}
    np.testing.assert_allclose(narrow.train_losses, exact.train_losses, rtol=0.05)
    assert narrow.train_losses[-1] != exact.train_losses[-1]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"optimizer": "newton"}, "newton cannot train a network: Newton solves with the whole Hessian"),
        ({"optimizer": "sgd"}, "there is no optimizer 'sgd'"),
        ({"workers": 3}, "workers = 3 is not allowed: networks are trained by one worker"),
        ({"loss_scaling": "dynamic"}, "loss_scaling = 'dynamic' is not allowed"),
        ({"momentum": 0.9}, "adam on moons has no setting 'momentum'"),
        ({"batch_size": 201}, "batch_size = 201 is not allowed: a whole number from 1 to 200"),
        ({"learning_rate": float("nan")}, "learning_rate = nan is not allowed"),
        ({"steps": -1}, "steps = -1 is not allowed"),
        ({"network": network_for(find_task("digits"))}, "from 64 inputs to 10 classes does not fit moons"),
        ({"parameters": (Layer(np.zeros((2, 5)), np.zeros(5)), Layer(np.zeros((5, 2)), np.zeros(2)))}, "of shapes"),
    ],
)
def test_what_makes_no_sense_is_refused(what, said):
    with pytest.raises(ValueError, match=said):
        train(**{"task": "moons", "network": MOONS, "optimizer": "adam", **what})

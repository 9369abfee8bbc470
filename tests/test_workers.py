"""Workers: synchronous, local and stale descent against plain-NumPy loops over the same batches and noise."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine import descend, diagnose, swarm
from engine.descend import described
from engine.memories import memories
from engine.precision import TYPES
from engine.sharpness import stability
from engine.step import Kind, Twisted, columns, method
from engine.twists import PLAIN, mini_batches
from engine.workers import in_team
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS, SCHEDULES
from tests.test_mini_batches import slopes

START, RATE, SEED = (-0.5, 0.3), 0.02, 6
BATCHES: dict[str, Any] = {"start": START, "learning_rate": RATE, "seed": SEED, "batch_size": 3, "noise": 0.4}
"""On `line_fit`: each worker passes over the four examples in an order of its own, three and then one."""


def normal(seed, worker, step):
    """The documented draw, (2, 2): the first worker's is that of a single run."""
    key = jax.random.key(seed)
    key = key if worker == 0 else jax.random.fold_in(key, 2**21 + worker)
    return np.asarray(jax.random.normal(jax.random.fold_in(key, step), (2, 2)))


def team_by_hand(run, momentum, steps, clip_norm=np.inf, temperature=0.0):
    """A heavy ball on `line_fit`: the mean of the workers, where each is, and the first one's velocity, by row."""
    workers, local_steps, delay = run.twists.workers, run.twists.local_steps, run.twists.delay
    batches = [mini_batches(run.landscape, run.twists, SEED, steps, k) for k in range(workers)]
    points, velocities = [np.array(START)] * workers, [np.zeros(2)] * workers
    middle, each, first = [np.array(START)], [points], [velocities[0]]

    def clipped(g):
        return g * min(1, clip_norm / np.linalg.norm(g))

    for t in range(steps):
        shake = np.sqrt(2 * RATE * temperature) * normal(SEED, 0, t)[1]
        given = [
            slopes(middle[max(0, t - delay)] if delay else points[k])[batches[k][t]].mean(axis=0)
            + run.twists.noise * normal(SEED, k, t)[0]
            for k in range(workers)
        ]
        if local_steps == 1:
            alone = [points[0] - RATE * (momentum * velocities[0] + clipped(g)) + shake for g in given]
            velocities = [momentum * velocities[0] + clipped(np.mean(given, axis=0))] * workers
            points = [points[0] - RATE * velocities[0] + shake] * workers
            each.append(alone)
        else:
            velocities = [momentum * v + clipped(g) for v, g in zip(velocities, given, strict=True)]
            points = [p - RATE * v + shake for p, v in zip(points, velocities, strict=True)]
            if (t + 1) % local_steps == 0:
                points = [np.mean(points, axis=0)] * workers
            each.append(points)
        middle.append(np.mean(points, axis=0))
        first.append(velocities[0])
    return np.array(middle), np.array(each), np.array(first)


TEAMS = [
    {"workers": 2},
    {"workers": 5},
    {"workers": 8, "delay": 3},
    {"delay": 1},
    {"workers": 3, "local_steps": 2},
    {"workers": 4, "local_steps": 7},
    {"workers": 3, "local_steps": 5, "temperature": 0.1},
    {"workers": 2, "clip_norm": 4.0},
    {"workers": 3, "local_steps": 4, "clip_norm": 4.0},
]


@pytest.mark.parametrize("beta", [0.0, 0.8])
@pytest.mark.parametrize("team", TEAMS, ids=lambda team: ",".join(f"{name}={team[name]}" for name in team))
def test_workers_are_a_loop_in_numpy(team, beta):
    run = descend("line_fit", "momentum", steps=40, momentum=beta, **BATCHES, **team)
    limits = {name: team[name] for name in ("clip_norm", "temperature") if name in team}
    middle, each, first = team_by_hand(run, beta, 40, **limits)
    np.testing.assert_allclose(run.points, middle, rtol=1e-9, atol=1e-9)
    if "workers" in team:
        assert run.worker_points is not None and run.worker_points.shape == (41, team["workers"], 2)
        np.testing.assert_allclose(run.worker_points, each, rtol=1e-9, atol=1e-9)
    else:
        assert run.worker_points is None
    # What is recorded is the landscape's own at their mean, and what is remembered the first worker's.
    np.testing.assert_allclose(run.gradients, [slopes(p).mean(axis=0) for p in run.points], rtol=1e-9, atol=1e-9)
    found = memories(run)
    np.testing.assert_allclose(found.values["v_t"][:41], first, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.points[:41], run.points)
    assert run.clipped.any() == ("clip_norm" in team)
    assert run.evaluations.tolist() == list(range(0, 41 * team.get("workers", 1), team.get("workers", 1)))


def test_workers_each_visit_all_examples_in_an_order_of_their_own():
    settings: dict[str, Any] = {**BATCHES, "batch_size": 1, "momentum": 0.0}
    run = descend("line_fit", "momentum", steps=40, workers=4, **settings)
    middle, _, _ = team_by_hand(run, 0.0, 40)
    np.testing.assert_allclose(run.points, middle, rtol=1e-9, atol=1e-9)
    batches = [mini_batches(run.landscape, run.twists, SEED, 40, k) for k in range(4)]
    alone = descend("line_fit", "momentum", steps=40, **settings)
    np.testing.assert_array_equal(batches[0], alone.mini_batches)  # the first worker's are those of a single run
    for k, own in enumerate(batches):
        assert (own.sum(axis=1) == 1).all() and (own.reshape(10, 4, 4).sum(axis=1) == 1).all()
        assert all((own != other).any() for other in batches[:k])
    np.testing.assert_array_equal(run.mini_batches, np.any(batches, axis=0))


def test_one_worker_without_delay_is_the_plain_run():
    given: list[dict[str, Any]] = [{}, {"noise": 0.4, "seed": 3}, {"precision": "float16"}]
    for more in given:
        plain = descend("line_fit", "momentum", steps=30, **more)
        one = descend("line_fit", "momentum", steps=30, workers=1, local_steps=9, delay=0, **more)
        np.testing.assert_array_equal(one.points, plain.points)
        assert one.twists == plain.twists and one.worker_points is None
    assert descend("line_fit", "momentum", steps=3, workers=1, local_steps=5).twists == PLAIN


@pytest.mark.parametrize("more", [{}, {"local_steps": 3}], ids=["together", "local"])
def test_workers_with_nothing_in_which_they_differ_are_one_in_every_precision(more):
    for precision in ("float64", "float16"):
        settings: dict[str, Any] = {"start": START, "steps": 40, "learning_rate": 2**-6, "precision": precision}
        single = descend("line_fit", "momentum", clip_norm=1e9, **settings)
        team = descend("line_fit", "momentum", clip_norm=1e9, workers=4, **settings, **more)
        np.testing.assert_allclose(team.points, single.points, rtol=1e-12 if precision == "float64" else 0)
        assert team.worker_points is not None
        np.testing.assert_allclose(team.worker_points, np.repeat(team.points[:, None], 4, axis=1), rtol=1e-12)
    scaled = descend("line_fit", "momentum", workers=2, loss_scaling="dynamic", **settings, **more)
    assert scaled.skipped.any() and scaled.loss_scales is not None and scaled.loss_scales[0] == 32768


def test_workers_divide_the_variance_of_the_noise_by_their_number():
    """The noise of each step of gradient descent, over 128 seeds: independent from worker to worker."""
    for workers in (2, 8):
        runs = swarm(
            "line_fit", "momentum", seeds=range(128), steps=60, learning_rate=1e-4, momentum=0, noise=2.0,
            workers=workers,
        )  # fmt: skip
        given = -np.diff(runs.points, axis=1) / 1e-4 - runs.gradients[:, :-1]
        assert abs(given.var() / (4 / workers) - 1) < 4 * (2 / given.size) ** 0.5


def test_workers_run_together_as_alone_and_compile_nothing_when_a_number_changes(compilations):
    for call in (descend, swarm):
        call("line_fit", "momentum", steps=3, workers=2)
    _ = descend("line_fit", "momentum", steps=9, batch_size=2, workers=2).mini_batches
    compilations.clear()
    teams: list[dict[str, Any]] = [{"workers": 3, "delay": 2}, {"workers": 7, "local_steps": 4}, {"delay": 32}]
    for team in teams:
        settings: dict[str, Any] = {"steps": 50, "learning_rate": 1e-3, "noise": 1.0, **team}
        together = swarm("line_fit", "momentum", seeds=[4, 9], starts=[START], **settings)
        for place, seed in enumerate((4, 9)):
            alone = descend("line_fit", "momentum", seed=seed, start=START, **settings)
            one = together.run(place)
            np.testing.assert_allclose(one.points, alone.points, rtol=1e-9)
            assert one.twists == alone.twists and (one.worker_points is None) == (alone.worker_points is None)
            assert (
                one.evaluations.tolist() == alone.evaluations.tolist()
                and alone.evaluations[2] == 2 * one.twists.workers
            )
            if one.worker_points is not None and alone.worker_points is not None:
                np.testing.assert_allclose(one.worker_points, alone.worker_points, rtol=1e-9)
    assert compilations == []


def test_workers_that_diverge_end_there():
    run = descend("line_fit", "momentum", steps=400, learning_rate=3.0, workers=3, local_steps=4, noise=0.1)
    assert run.status == "diverged" and run.length < 400 and run.worker_points is not None
    assert (
        np.isfinite(run.worker_points[: run.length + 1]).all() and np.isnan(run.worker_points[run.length + 1 :]).all()
    )


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("adam", {"workers": 0}, "workers = 0 is not allowed: a whole number from 1 to 8"),
        ("adam", {"workers": 9}, "workers = 9 is not allowed: a whole number from 1 to 8"),
        ("adam", {"local_steps": 1.5}, "local_steps = 1.5 is not allowed"),
        ("adam", {"delay": 33}, "delay = 33 is not allowed: a whole number from 0 to 32"),
        (
            "adam",
            {"workers": 2, "local_steps": 4, "delay": 2},
            "delay = 2 is not allowed with local_steps = 4: between",
        ),
        ("lbfgs", {"delay": 1}, "delay = 1 is not allowed: lbfgs needs more of the loss than its gradient"),
        ("newton", {"workers": 2, "local_steps": 3}, "local_steps = 3 is not allowed: newton needs more"),
        ("polyak_sgd", {"delay": 2}, "polyak_sgd needs more of the loss"),
        ("schedule_free_sgd", {"workers": 2, "local_steps": 2}, "schedule_free_sgd returns another point"),
    ],
)
def test_workers_are_refused_naming_the_value_and_what_is_allowed(method, settings, message):
    with pytest.raises(ValueError, match=message):
        descend("bowl", method, **settings)


@pytest.mark.parametrize("product", [0.98, 1.02])
def test_delay_of_one_step_halves_the_limit_of_gradient_descent_and_none_is_claimed(product):
    """The roots of z² - z + η λ, of a step with the gradient of the one before, leave the unit circle at η λ = 1."""
    sharpest = np.linalg.eigvalsh([[15, 5], [5, 2]])[1]  # of the mean of (x s + y - t)² over s = 1, 2, 3, 4
    run = descend("line_fit", "momentum", steps=2000, learning_rate=product / sharpest, momentum=0, delay=1)
    assert (np.abs(run.points[run.length] - [2, 1]).max() < 1) == (product < 1)
    assert stability(run) is None and ">" not in diagnose(run).reason


@pytest.mark.parametrize(
    ("key", "precision"), [("adam", "float64"), ("sophia", "float64"), *((key, "float16") for key in OPTIMIZERS)]
)
def test_teams_carry_what_they_began_with_for_every_optimizer(key, precision):
    """By tracing alone: the shapes and types of all that goes from step to step, in which a loop may not change any."""
    entry, surface = OPTIMIZERS[key], LANDSCAPES["booth"]
    knobs = jnp.array([knob.default for knob in entry.knobs.values()])
    turn = Twisted(jnp.array(PLAIN.numbers(0)), jnp.int32(0), None, jnp.array([2, 1, 0], jnp.int32))
    initial, step = in_team(*method(entry, surface, precision))
    point = jnp.asarray(surface.start, TYPES[precision])
    state = jax.eval_shape(initial, point, knobs)
    made = jax.eval_shape(step, point, state, jnp.zeros(0), knobs, turn)
    carried = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), (made.iterate, made.state))
    assert carried == jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), (point, state))
    assert made.record.shape == (columns(entry, Kind(True, precision, True)).width,)
    assert made.record.dtype == jnp.float64


CHOICES: dict[str, list[Any]] = {
    "schedule": [None, *SCHEDULES], "clip_norm": [None, 0.1, 30.0], "clip_value": [None, 0.5],
    "weight_decay": [None, 0.3], "l2": [0, 0.3], "noise": [0, 2.0], "noise_decay": [0, 0.55],
    "temperature": [0, 0, 0.2], "precision": [None, "float64", "float32", "bfloat16", "float16"],
    "loss_scaling": ["none", "none", "static", "dynamic"], "loss_scale": [None, 8, 2.0**20], "scale_growth": [None, 5],
    "batch_size": [None, None, None, 3], "workers": [1, 1, 4], "local_steps": [1, 1, 5], "delay": [0, 0, 3],
}  # fmt: skip


def test_descend_takes_any_two_thousand_combinations_or_says_why_not():
    """All are checked, from all pairs; those of a few pairs that have passed are run."""
    chance = np.random.default_rng(4)
    few = {("line_fit", "momentum")}
    told, ran = {"taken": 0, "refused": 0}, set()
    for number in range(2000):
        pair = ("line_fit", "momentum") if number % 10 == 0 else (
            str(chance.choice(list(LANDSCAPES))), str(chance.choice(list(OPTIMIZERS)))
        )  # fmt: skip
        asked = {name: values[chance.integers(len(values))] for name, values in CHOICES.items()}
        try:
            what = described(*pair, asked, 20)
        except ValueError as error:
            told["refused"] += 1
            assert "is not allowed" in str(error)
            continue
        told["taken"] += 1
        if pair in few and what.twists.precision in ("float64", "float16"):
            run = descend(*pair, steps=20, seed=number, **asked)
            ran.add(what.twists.kind)
            assert np.isfinite(run.points[: run.length + 1]).all() and run.twists == what.twists
    assert min(told.values()) > 400 and len(ran) == 4

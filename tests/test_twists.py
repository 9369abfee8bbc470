"""The twists against plain-NumPy loops, closed forms and statistics; what is off, what composes, what is refused."""

import itertools
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

from engine import Trajectory, descend, diagnose, swarm, verdicts
from engine.sharpness import stability
from engine.twists import NAMES, PLAIN, Twists
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS, SCHEDULES
from tests.hand_surfaces import SURFACES
from tests.test_optimizers import OTHER

START = (-0.7, 2.1)


def normal(seed, step):
    """The documented draw: standard normal, (2, 2), from a key folded with the step's number."""
    return np.asarray(jax.random.normal(jax.random.fold_in(jax.random.key(seed), step), (2, 2)))


def loop(rule, steps, rates, start=START, seed=0, clip_norm=np.inf, clip_value=np.inf, weight_decay=0, l2=0,
         noise=0, noise_decay=0, temperature=0):  # fmt: skip
    """A twisted run on Himmelblau's function by hand; `rule` is a generator from gradients to directions."""
    x, path, clipped = np.array(start), [start], []
    step = rule()
    next(step)
    for t, rate in zip(range(steps), rates, strict=False):
        slope, shake = normal(seed, t)
        g = SURFACES["himmelblau"].gradient(x) + noise * (1 + t) ** (-noise_decay / 2) * slope + l2 * x
        whole = g
        g = np.minimum(np.maximum(g, -clip_value), clip_value)
        g = g * min(1, clip_norm / np.linalg.norm(g))
        clipped.append(not np.allclose(g, whole, rtol=1e-12))
        x = x - rate * step.send(g) - rate * weight_decay * x + np.sqrt(2 * rate * temperature) * shake
        path.append(x)
    return np.array(path), np.array(clipped)


def plain_descent():
    g = yield
    while True:
        g = yield g


def heavy_ball():
    g, velocity = (yield), 0
    while True:
        velocity = 0.9 * velocity + g
        g = yield velocity


def adam():
    g, m, v = (yield), 0, 0
    for t in itertools.count(1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        g = yield m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


RULES = {"gradient_descent": (plain_descent, 0.01), "momentum": (heavy_ball, 0.002), "adam": (adam, 0.05)}
TURNS = [
    {"clip_norm": 8.0},
    {"clip_value": 5.0},
    {"clip_norm": 6.0, "clip_value": 5.0},
    {"weight_decay": 0.7},
    {"l2": 3.0},
    {"noise": 4.0},
    {"noise": 4.0, "noise_decay": 0.55},
    {"temperature": 0.6},
    {"clip_norm": 9.0, "clip_value": 8.0, "weight_decay": 0.2, "l2": 1.5, "noise": 3.0, "noise_decay": 0.3,
     "temperature": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("key", RULES)
@pytest.mark.parametrize("twists", TURNS, ids=lambda twists: ",".join(twists))
def test_descend_twisted_is_a_loop_in_numpy(key, twists):
    rule, rate = RULES[key]
    run = descend("himmelblau", key, start=START, steps=60, seed=5, learning_rate=rate, **twists)
    path, clipped = loop(rule, 60, [rate] * 60, seed=5, **twists)
    rows = run.length + 1  # gradient descent under decay comes to rest; by hand it stays there
    assert rows == 61 or (run.at_rest and not twists.keys() & {"noise", "temperature"})
    np.testing.assert_allclose(run.points[:rows], path[:rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(path[rows:], np.tile(path[rows - 1], (61 - rows, 1)), rtol=1e-9)
    assert run.clipped[:rows].tolist() == clipped[:rows].tolist()
    assert clipped.any() == any(name.startswith("clip") for name in twists)
    # What is recorded is the landscape's own, whatever the optimizer was given.
    own = SURFACES["himmelblau"]
    np.testing.assert_allclose(run.gradients[:rows], [own.gradient(p) for p in run.points[:rows]], 1e-9, 1e-11)
    np.testing.assert_allclose(run.losses[:rows], [own.loss(p) for p in run.points[:rows]], 1e-9, 1e-11)


@pytest.mark.parametrize("key", list({method.needs: key for key, method in OPTIMIZERS.items()}.values()))
def test_descend_l2_is_the_same_optimizer_on_the_landscape_with_a_penalty(key):
    """For whatever an optimizer is handed beside the gradient: the loss, a function to search along, the Hessian."""
    surface = LANDSCAPES["booth"]
    penalised = replace(surface, key="penalised", loss=lambda p: surface.loss(p) + 0.35 * (p[0] ** 2 + p[1] ** 2))
    twisted = descend(surface, key, start=(-4, 3), steps=25, l2=0.7, **OTHER[key])
    plain = descend(penalised, key, start=(-4, 3), steps=25, **OTHER[key])
    assert twisted.length == plain.length
    np.testing.assert_allclose(twisted.points, plain.points, rtol=1e-7, atol=1e-9)
    own = [surface.loss(p) for p in plain.points[: plain.length + 1]]
    np.testing.assert_allclose(twisted.losses[: plain.length + 1], own, rtol=1e-7, atol=1e-9)
    if plain.costs is not None:
        np.testing.assert_array_equal(twisted.costs, plain.costs)


def test_descend_decay_beside_adam_is_adamw():
    beside = descend("himmelblau", "adam", start=START, steps=80, learning_rate=0.1, weight_decay=0.3)
    own = descend("himmelblau", "adamw", start=START, steps=80, learning_rate=0.1, weight_decay=0.3)
    np.testing.assert_allclose(beside.points, own.points, rtol=1e-9)
    assert own.twists is PLAIN and own.settings["weight_decay"] == 0.3 and beside.twists.weight_decay == 0.3


def test_clip_norm_bounds_the_step_and_leaves_shorter_ones_as_they_are():
    limit, rate = 20.0, 0.004
    run = descend("himmelblau", "gradient_descent", start=(4.5, 4.5), steps=40, learning_rate=rate, clip_norm=limit)
    norms = np.hypot(*run.gradients[:-1].T)
    steps = np.diff(run.points, axis=0)
    assert run.clipped.tolist() == (norms > limit).tolist() and 0 < run.clipped.sum() < 40
    np.testing.assert_allclose(np.hypot(*steps[run.clipped].T), rate * limit, rtol=1e-11)
    np.testing.assert_allclose(steps[~run.clipped], -rate * run.gradients[:-1][~run.clipped], rtol=1e-9, atol=1e-14)


def test_twisted_runs_that_diverge_end_there_and_clipping_may_prevent_it():
    settings: dict[str, Any] = {"start": (-1.2, 1), "steps": 200, "learning_rate": 0.01, "seed": 1}
    noisy = descend("rosenbrock", "gradient_descent", noise=1.0, **settings)
    assert noisy.status == "diverged" and noisy.length < 20
    for rows in (noisy.points, noisy.losses, noisy.gradients):
        assert np.isnan(rows[noisy.length + 1 :]).all() and np.isfinite(rows[: noisy.length + 1]).all()
    clipped = descend("rosenbrock", "gradient_descent", noise=1.0, clip_norm=5.0, **settings)
    assert clipped.status == "running" and clipped.length == 200 and clipped.clipped.any()
    late = descend("rosenbrock", "gradient_descent", clip_value=1e90, **settings)
    assert late.status == "diverged" and not late.clipped[late.length + 1 :].any()


def test_noise_is_standard_normal_times_its_fading_size():
    """From 128 seeds: the noise in each step of gradient descent, over the size that Neelakantan et al. give it."""
    rate, size, fading, steps = 1e-3, 0.8, 0.55, 400
    runs = swarm(
        "bowl", "gradient_descent", seeds=range(128), steps=steps, learning_rate=rate, noise=size, noise_decay=fading
    )
    given = -np.diff(runs.points, axis=1) / rate - runs.gradients[:, :-1]
    unit = given / (size * (1.0 + np.arange(steps)) ** (-fading / 2))[None, :, None]
    for part in (unit[:, :50], unit[:, 50:], unit[..., 0], unit[..., 1]):
        count = part.size
        assert abs(part.mean()) < 4 / count**0.5
        assert abs(part.var() - 1) < 4 * (2 / count) ** 0.5
    # Nothing repeats: not from coordinate to coordinate, from step to step, nor from seed to seed.
    for a, b in ((unit[..., 0], unit[..., 1]), (unit[:, 1:], unit[:, :-1]), (unit[1:], unit[:-1])):
        assert abs(np.mean(a * b)) < 4 / a.size**0.5


@pytest.mark.parametrize(("rate", "condition_number"), [(0.1, 5.0), (0.02, 30.0)])
def test_temperature_spreads_a_cloud_as_wide_as_the_chain_in_closed_form(rate, condition_number):
    """The chain x <- (1 - rate a) x + sqrt(2 rate T) xi settles at the variance 2 rate T / (1 - (1 - rate a)^2)."""
    temperature, apart, settled = 0.3, 60, 200
    runs = swarm(
        "ravine", "gradient_descent", starts=[(0, 0)], seeds=range(128), steps=500, learning_rate=rate,
        condition_number=condition_number, temperature=temperature,
    )  # fmt: skip
    for axis, curvature in ((0, 1.0), (1, condition_number)):
        factor = 1 - rate * curvature
        chosen = runs.points[:, settled::apart, axis]
        variance = 2 * rate * temperature / (1 - factor**2) * (1 - factor ** (2 * settled))
        # Samples `apart` steps apart are correlated by factor ** apart, which takes so many of them away.
        count = chosen.size * (1 - factor ** (2 * apart)) / (1 + factor ** (2 * apart))
        assert abs(np.mean(chosen**2) - variance) < 3 * variance * (2 / count) ** 0.5


def test_random_twists_follow_the_seed_alone():
    settings: dict[str, Any] = {"steps": 700, "learning_rate": 0.01, "noise": 2.0, "temperature": 0.1}
    once = descend("himmelblau", "momentum", seed=11, **settings)
    again = descend("himmelblau", "momentum", seed=11, **settings)
    other = descend("himmelblau", "momentum", seed=12, **settings)
    np.testing.assert_array_equal(once.points, again.points)
    assert np.abs(once.points - other.points).max() > 0.1
    settings["steps"] = 90
    shorter = descend("himmelblau", "momentum", seed=11, **settings)
    np.testing.assert_array_equal(once.points[:91], shorter.points)  # and a longer run, made in windows, is the same


def test_swarm_over_seeds_is_the_run_of_each_seed():
    settings: dict[str, Any] = {"steps": 50, "noise": 3.0, "clip_norm": 10.0, "schedule": "cosine"}
    batch = swarm("booth", "adam", seeds=[3, 8, 21], **settings)
    pairs = swarm("booth", "adam", starts=[(1, 2), (3, 4), (5, 6)], seeds=[3, 8, 21], **settings)
    for place, seed in enumerate((3, 8, 21)):
        alone = descend("booth", "adam", seed=seed, **settings)
        np.testing.assert_allclose(batch.points[place], alone.points, rtol=1e-9, atol=1e-9)
        assert batch.clipped[place].tolist() == alone.clipped.tolist()
        one = batch.run(place)
        assert one.seed == seed and one.twists == alone.twists
        np.testing.assert_array_equal(one.learning_rates, alone.learning_rates)
        moved = descend("booth", "adam", seed=seed, start=(1 + 2 * place, 2 + 2 * place), **settings)
        np.testing.assert_allclose(pairs.points[place], moved.points, rtol=1e-9, atol=1e-9)
    with pytest.raises(ValueError, match="2 seeds for 3 starts"):
        swarm("booth", "adam", starts=[(1, 2)] * 3, seeds=[1, 2])
    with pytest.raises(ValueError, match="seed = 1.5 is not allowed"):
        swarm("booth", "adam", seeds=[1.5])  # pyright: ignore[reportArgumentType]


def test_random_runs_are_never_at_rest_but_clipped_ones_are():
    noisy = descend("bowl", "gradient_descent", start=(0, 0), steps=30, learning_rate=0.1, temperature=1e-6)
    assert noisy.length == 30 and np.ptp(noisy.points) > 0
    clipped = descend("bowl", "gradient_descent", start=(0, 0), steps=30, clip_norm=1.0)
    assert clipped.at_rest and clipped.length == 0


@pytest.mark.parametrize("key", ["gradient_descent", "momentum", "nesterov"])
@pytest.mark.parametrize(
    "twists", [{"l2": 12.0}, {"weight_decay": 12.0}, {"l2": 5.0, "weight_decay": 7.0}, {"weight_decay": 70.0}]
)
def test_stability_limits_with_decay_are_where_runs_begin_to_grow(key, twists):
    """On a parabola of curvature 50 along y: just below the rate at the limit it dies out, just above it grows."""
    settings: dict[str, Any] = {"start": (0, 1), "condition_number": 50, "steps": 1}
    found = stability(descend("ravine", key, learning_rate=0.01, **settings, **twists))
    assert found is not None
    rate = float(found.rate_limits[0])
    at_limit = stability(descend("ravine", key, learning_rate=rate, **settings, **twists))
    assert at_limit is not None
    np.testing.assert_allclose(at_limit.limits, at_limit.sharpness, rtol=1e-12)
    for factor, settles in ((0.999, True), (1.001, False)):
        run = descend("ravine", key, **settings | {"steps": 5000}, learning_rate=factor * rate, **twists)
        assert (abs(run.points[run.length, 1]) < 1) == settles


HOVERING: list[dict[str, Any]] = [{"noise": 1.0}, {"temperature": 0.1}, {"noise": 1.0, "clip_norm": 3.0}]


@pytest.mark.parametrize("twists", HOVERING, ids=lambda twists: ",".join(twists))
def test_diagnose_says_wandering_of_a_noisy_run_that_hovers_and_of_no_other(twists):
    runs = swarm("bowl", "gradient_descent", seeds=range(100), learning_rate=0.1, **twists)
    told = verdicts(runs)
    assert told.count("wandering") >= 98  # the lengths of its steps add up to the same but for chance
    assert diagnose(runs.run(told.index("wandering"))).reason.startswith("Chance keeps it moving over an area ")
    assert diagnose(descend("bowl", "gradient_descent", learning_rate=0.1)).verdict == "converged"
    on_its_way = swarm("bowl", "gradient_descent", seeds=range(100), learning_rate=0.001, **twists)
    assert "wandering" not in verdicts(on_its_way)


@pytest.mark.parametrize(
    ("surface", "method", "settings", "message"),
    [
        ("bowl", "adam", {"schedule": "zigzag"}, "no schedule 'zigzag'; there are constant, step, exponential"),
        ("bowl", "adam", {"schedule": 3}, "no schedule 3"),
        ("bowl", "adam", {"schedule": []}, r"no schedule \[\]"),
        ("bowl", "adam", {"final": 0.1}, "no setting 'final'; it takes learning_rate.*every run takes schedule"),
        ("bowl", "adam", {"schedule": "cosine", "power": 2}, "'power'.*the schedule cosine takes final"),
        ("bowl", "adam", {"schedule": "cosine", "final": 1.5}, "final = 1.5 is not allowed: a number from 0 to 1"),
        ("bowl", "adam", {"schedule": "cosine", "schedule_steps": 0}, "schedule_steps = 0 is not allowed"),
        ("bowl", "adam", {"clip_norm": 0}, "clip_norm = 0 is not allowed: a number from 1e-12"),
        ("bowl", "adam", {"clip_value": float("inf")}, "clip_value = inf is not allowed"),
        ("bowl", "adam", {"l2": -1}, "l2 = -1 is not allowed"),
        ("bowl", "adam", {"noise": "loud"}, "noise = 'loud' is not allowed"),
        ("bowl", "adam", {"temperature": float("nan")}, "temperature = nan is not allowed"),
        ("bowl", "adam", {"batch_size": 4}, "batch_size = 4 is not allowed: bowl has no data"),
        ("bowl", "lbfgs", {"schedule": "cosine"}, "schedule = 'cosine' is not allowed: lbfgs has no learning rate"),
        ("bowl", "polyak_sgd", {"weight_decay": 0.5}, "weight_decay = 0.5 is not allowed: polyak_sgd has no"),
        ("bowl", "polyak_sgd", {"temperature": 1}, "temperature = 1 is not allowed: polyak_sgd has no"),
        ("bowl", "schedule_free_sgd", {"temperature": 1}, "schedule_free_sgd returns another point"),
    ],
)
def test_twists_are_refused_naming_the_value_and_what_is_allowed(surface, method, settings, message):
    with pytest.raises(ValueError, match=message):
        descend(surface, method, **settings)


def test_twists_that_are_off_are_the_plain_run():
    run = descend(
        "bowl", "adam", schedule=None, clip_norm=None, clip_value=None, weight_decay=0, l2=0, noise=0, noise_decay=0.5,
        temperature=0, batch_size=None,
    )  # fmt: skip
    assert not run.twists.of_steps and not run.twists.scheduled and not run.clipped.any()
    plain = descend("bowl", "adam")
    np.testing.assert_array_equal(run.points, plain.points)
    assert descend("bowl", "adam", schedule="constant").twists == plain.twists == PLAIN
    assert [descend("bowl", "adam", schedule="cosine", steps=n).twists.schedule_steps for n in (0, 1, 2)] == [1, 1, 2]


def test_twists_return_as_keywords():
    given: dict[str, Any] = {"schedule": "one_cycle", "warmup": 0.2, "clip_norm": 3.0, "noise": 0.5, "l2": 0.1}
    run = descend("bowl", "adam", steps=30, **given)
    again = descend("bowl", "adam", steps=30, **run.twists.keywords())
    assert again.twists == run.twists != PLAIN and PLAIN.keywords() == {}
    np.testing.assert_array_equal(again.points, run.points)


@pytest.mark.parametrize(("key", "together"), [("adam", True), ("lbfgs", False)])
def test_descend_compiles_once_for_all_twists_of_a_pair(key, together, compilations):
    descend("booth", key, steps=5, l2=0.1)
    if together:
        swarm("booth", key, seeds=[0, 1], steps=5, l2=0.1)
    compilations.clear()
    asked: list[dict[str, Any]] = [{"clip_norm": 2.0}, {"noise": 1.0, "noise_decay": 0.4}, {"l2": 3, "clip_value": 1}]
    for number, twists in enumerate(asked):
        descend("booth", key, steps=300 * number, seed=number, start=(1, number), **twists)
        if together:
            swarm("booth", key, seeds=range(3 + number), steps=9, **twists)
    assert compilations == []


def test_descend_takes_any_twists_together_or_says_why_not():
    """Combinations at random: each runs, or is refused with a sentence."""
    chance = np.random.default_rng(3)
    choices: dict[str, list[Any]] = {
        "clip_norm": [None, 0.1, 30.0], "clip_value": [None, 0.5], "weight_decay": [0, 0.3], "l2": [0, 0.3],
        "noise": [0, 2.0], "noise_decay": [0, 0.55], "temperature": [0, 0.2], "schedule": [None, *SCHEDULES],
        "batch_size": [None, None, None, 3],
    }  # fmt: skip
    refused = 0
    for _ in range(150):
        key = chance.choice(["gradient_descent", "adam", "lbfgs", "schedule_free_sgd", "newton"])
        twists = {name: values[chance.integers(len(values))] for name, values in choices.items()}
        try:
            run = descend("booth", str(key), steps=20, seed=int(chance.integers(99)), **twists)
        except ValueError as error:
            refused += 1
            assert "is not allowed" in str(error)
        else:
            assert isinstance(run, Trajectory) and np.isfinite(run.points[: run.length + 1]).all()
    assert 0 < refused < 150


def test_names_of_twists_and_schedule_knobs_collide_with_no_others():
    names = set(NAMES) | {name for entry in SCHEDULES.values() for name in entry.knobs}
    knobs = {name for entry in OPTIMIZERS.values() for name in entry.knobs} - {"weight_decay"}  # it is the same thing
    parameters = {name for entry in LANDSCAPES.values() for name in entry.parameters}
    assert not names & (knobs | parameters)
    assert set(NAMES) <= set(Twists.__dataclass_fields__)

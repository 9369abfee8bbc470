"""The optimizers: paths against independent transcriptions, every knob, the defaults, and the registry's rules."""

import json
import re
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from engine import descend
from knobs import Knob
from landscapes import LANDSCAPES
from optimizers import FAMILIES, OPTIMIZERS, Optimizer, optimizer
from tests import optimizer_oracles as oracles
from tests.hand_surfaces import SURFACES

ROOT = Path(__file__).parent.parent
TORCH = json.loads((ROOT / "tests" / "data" / "torch_paths.json").read_text())
KNOBS = [(key, name) for key, entry in OPTIMIZERS.items() for name in entry.knobs]

STEPS = 50

STARTS = {"rosenbrock": (-1.0, -0.5), "himmelblau": (-0.7, 2.1)}

OTHER = {
    "gradient_descent": {"learning_rate": 7e-4},
    "momentum": {"learning_rate": 3e-4, "momentum": 0.8},
    "nesterov": {"learning_rate": 3e-4, "momentum": 0.8},
    "schedule_free_sgd": {"learning_rate": 8e-4, "beta1": 0.7, "weight_decay": 0.3},
    "adagrad": {"learning_rate": 0.12, "initial_accumulator": 3.0, "epsilon": 0.7},
    "rmsprop": {"learning_rate": 0.004, "decay": 0.93, "momentum": 0.4, "epsilon": 0.05},
    "adadelta": {"learning_rate": 0.6, "decay": 0.83, "epsilon": 3e-4},
    "adafactor": {
        "learning_rate": 0.03, "decay": 0.6, "clipping_threshold": 0.7, "beta1": 0.3, "epsilon": 0.2,
        "weight_decay": 0.004,
    },
    "adam": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.97, "epsilon": 0.1},
    "adamw": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.97, "epsilon": 0.1, "weight_decay": 0.3},
    "amsgrad": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1},
    "nadam": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.97, "epsilon": 0.1},
    "radam": {"learning_rate": 0.002, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.1, "threshold": 9.0},
    "adamax": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1},
    "adabelief": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.97, "epsilon": 0.1},
    "yogi": {"learning_rate": 0.03, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1},
    "adan": {
        "learning_rate": 0.03, "beta1": 0.9, "beta2": 0.7, "beta3": 0.95, "epsilon": 0.1, "weight_decay": 0.3
    },
    "signum": {"learning_rate": 0.007, "momentum": 0.6},
    "lion": {"learning_rate": 0.007, "beta1": 0.6, "beta2": 0.8, "weight_decay": 0.2},
    "rprop": {
        "learning_rate": 0.02, "decrease_factor": 0.3, "increase_factor": 1.4, "min_step_size": 0.005,
        "max_step_size": 0.15,
    },
    "lamb": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.97, "epsilon": 0.1, "weight_decay": 0.3},
    "polyak_sgd": {"max_learning_rate": 0.004, "minimum_loss": 0.3, "epsilon": 500.0},
    "backtracking_line_search": {
        "max_learning_rate": 0.02, "sufficient_decrease": 0.3, "decrease_factor": 0.7, "increase_factor": 1.4,
        "max_backtracking_steps": 4,
    },
    "prodigy": {
        "learning_rate": 0.7, "beta1": 0.8, "beta2": 0.97, "beta3": 0.9, "epsilon": 0.1, "initial_distance": 0.02,
        "distance_factor": 0.8, "weight_decay": 0.05,
    },
    "newton": {"learning_rate": 0.6},
    "newton_damped": {"learning_rate": 0.7, "damping": 30.0},
    "newton_saddle_free": {"learning_rate": 0.7, "damping": 3.0},
    "lbfgs": {"sufficient_decrease": 0.3, "curvature": 0.4, "max_linesearch_steps": 2},
    "sophia": {
        "learning_rate": 0.03, "beta1": 0.8, "beta2": 0.9, "gamma": 0.3, "clip_threshold": 0.6, "update_interval": 3,
        "epsilon": 4.0, "weight_decay": 0.2,
    },
}  # fmt: skip
"""A second setting of every knob of every optimizer, away from its default and from where it would not matter."""


SYMBOLS = {
    (name, key): symbol
    for name, symbol, key in re.findall(
        r"^\| `(\w+)` \| \$(.+)\$ \| (?:`(\w+)` )?\|$", (ROOT / "docs" / "model.md").read_text(), re.M
    )
}
"""The symbol of each knob in the rules: (knob, "") for all optimizers, (knob, key) where one has its own."""


def followed(key, surface, points, **settings):
    """The points of the transcription from the run's start on, up to (STEPS + 1, 2)."""
    rule, on = getattr(oracles, key), SURFACES[surface]
    knobs = SimpleNamespace(**{name: knob.default for name, knob in OPTIMIZERS[key].knobs.items()} | settings)
    if key == "polyak_sgd":
        # It bounces between the walls of a valley, and each bounce multiplies the rounding of the one before. As it
        # remembers nothing, each of its steps can be followed from where the run stood.
        return np.array([points[0], *(next(rule(on, point, knobs)) for point in points[:-1])])
    return np.array([points[0], *islice(rule(on, points[0], knobs), STEPS)])


def test_optimizers_have_a_second_setting_of_every_knob_in_this_file():
    assert {key: set(settings) for key, settings in OTHER.items()} == {
        key: set(entry.knobs) for key, entry in OPTIMIZERS.items()
    }


@pytest.mark.parametrize("settings", ["default", "other"])
@pytest.mark.parametrize("surface", list(STARTS))
@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_optimizer_takes_the_steps_of_its_published_rule(key, surface, settings):
    knobs = OTHER[key] if settings == "other" else {}
    run = descend(surface, key, start=STARTS[surface], steps=STEPS, **knobs)
    points = run.points[: run.length + 1]
    expected = followed(key, surface, points, **knobs)
    assert min(len(points), len(expected)) > 5
    # Fifty steps in another order of operations: 1e-12 at worst. In float32 it would be 1e-6.
    np.testing.assert_allclose(points[: len(expected)], expected[: len(points)], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("key", list(TORCH["paths"]))
def test_optimizer_equals_the_recorded_path_of_torch(key):
    recorded = TORCH["paths"][key]
    expected = np.array(recorded["points"])
    run = descend(TORCH["landscape"], key, start=expected[0], steps=len(expected) - 1, **recorded["knobs"])
    np.testing.assert_allclose(run.points, expected, rtol=1e-9, atol=1e-9)  # as above; 1e-13 at worst


@pytest.mark.parametrize(("key", "name"), KNOBS)
def test_optimizer_knob_changes_the_path(key, name):
    # Some knobs act late or seldom: a shortest step, a most of trials. So 300 steps, and either surface will do.
    runs = [
        [
            descend(surface, key, start=start, steps=300, **settings).points
            for settings in ({}, {name: OTHER[key][name]})
        ]
        for surface, start in STARTS.items()
    ]
    assert not all(np.array_equal(plain, turned, equal_nan=True) for plain, turned in runs)


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_optimizer_compiles_once_for_all_its_settings(key, compilations):
    descend("himmelblau", key, steps=3)
    compilations.clear()
    for steps in (0, 40, 600):
        descend("himmelblau", key, start=(1, 2), steps=steps, seed=steps, **OTHER[key])
    assert not compilations


@pytest.mark.parametrize(("number", "key"), list(enumerate(OPTIMIZERS)))
def test_optimizer_runs_on_landscapes_of_every_chapter(number, key):
    """On every twentieth, the next optimizer from another one on, so that one or more meet each landscape."""
    for name in list(LANDSCAPES)[number % 20 :: 20]:
        landscape, run = LANDSCAPES[name], descend(name, key, steps=STEPS)
        assert tuple(run.points[0]) == landscape.start
        assert np.isfinite(run.points[: run.length + 1]).all(), name


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_optimizer_runs_at_the_ends_of_what_every_knob_allows(key):
    for name, knob in OPTIMIZERS[key].knobs.items():
        for end in knob.limits:
            extreme: dict[str, Any] = {name: end}
            run = descend("rosenbrock", key, steps=STEPS, **extreme)
            assert np.isfinite(run.points[: run.length + 1]).all(), f"{name} = {end}"


@pytest.mark.parametrize("key", list(OPTIMIZERS))
@pytest.mark.parametrize("start", [(0, 0), (5, 0)])
def test_optimizer_does_not_diverge_where_a_slope_is_zero(key, start):
    run = descend("bowl", key, start=start, steps=20)
    assert run.status != "diverged"
    if key != "yogi":  # its average of gradients starts at 1e-6 in optax, so that it leaves the place by itself
        assert not run.points[: run.length + 1, np.array(start) == 0].any()


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_optimizer_by_default_crosses_the_valley_of_rosenbrock(key):
    run = descend("rosenbrock", key)
    assert run.status != "diverged"
    assert run.losses[run.length] < run.losses[0] / 10
    assert np.linalg.norm(run.points[run.length] - run.points[0]) > 0.5  # it is not enough to fall to the floor


@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if not key.startswith("newton")])
@pytest.mark.parametrize("surface", ["bowl", "himmelblau"])
def test_optimizer_by_default_goes_down_on_other_surfaces(key, surface):
    run = descend(surface, key)  # Newton's methods may go to a saddle or a maximum, which is their lesson
    assert run.losses[run.length] < run.losses[0] / 2


def test_lbfgs_steps_fulfil_the_strong_wolfe_conditions():
    c1, c2 = 1e-4, 0.5
    run = descend("rosenbrock", "lbfgs", start=(-1.2, 1), steps=20, sufficient_decrease=c1, curvature=c2)
    steps, slopes = np.diff(run.points, axis=0), run.gradients
    before, after = (np.sum(slopes[:-1] * steps, axis=1), np.sum(slopes[1:] * steps, axis=1))
    assert run.length == 20 and (before < 0).all()
    assert (np.diff(run.losses) <= c1 * before).all()
    assert (np.abs(after) <= c2 * np.abs(before)).all()


MATRICES = [
    [[3.0, 1.0], [1.0, 2.0]],
    [[3.0, -4.0], [-4.0, 2.0]],  # one curvature below 0
    [[-3.0, 1.0], [1.0, -2.0]],
    [[4.0, 2.0], [2.0, 1.0]],  # singular, one direction without curvature
    [[0.0, 0.0], [0.0, -5.0]],
    [[0.0, 0.0], [0.0, 0.0]],
]


def newton_step(key, matrix, gradient, **knobs):
    method = OPTIMIZERS[key].build(**knobs)
    update, _ = optax.with_extra_args_support(method).update(gradient, method.init(gradient), hessian=matrix)
    return np.asarray(update)


@pytest.mark.parametrize("matrix", MATRICES)
def test_newton_step_is_the_pseudo_inverse_times_the_gradient(matrix):
    step = newton_step("newton", jnp.array(matrix), jnp.array([0.7, -1.9]), learning_rate=0.8)
    expected = -0.8 * np.linalg.pinv(np.array(matrix), hermitian=True) @ [0.7, -1.9]
    np.testing.assert_allclose(step, expected, rtol=1e-14, atol=1e-15)  # a few roundings


@pytest.mark.parametrize("matrix", MATRICES)
def test_newton_saddle_free_step_has_the_absolute_eigenvalues(matrix):
    values, vectors = np.linalg.eigh(np.array(matrix))
    step = newton_step("newton_saddle_free", jnp.array(matrix), jnp.array([0.7, -1.9]), learning_rate=0.8, damping=0.3)
    expected = -0.8 * vectors @ (vectors.T @ [0.7, -1.9] / (np.abs(values) + 0.3))
    np.testing.assert_allclose(step, expected, rtol=1e-14, atol=1e-15)  # a few roundings


@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if key.startswith("newton")])
def test_newton_step_is_zero_where_the_slope_is(key):
    run = descend("monkey_saddle", key, start=(0, 0), steps=5)  # where the Hessian is zero, too
    assert run.at_rest and run.length == 0 and tuple(run.points[0]) == (0, 0)


@pytest.mark.parametrize(("key", "name"), KNOBS)
def test_optimizer_knob_stands_in_its_rule_and_says_what_it_does(key, name):
    symbol = SYMBOLS.get((name, key)) or SYMBOLS[name, ""]
    assert symbol in OPTIMIZERS[key].tex
    assert OPTIMIZERS[key].knobs[name].help.endswith(".")


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_optimizer_rule_is_balanced_tex(key):
    tex = OPTIMIZERS[key].tex
    assert tex.count("{") == tex.count("}")
    assert len(re.findall(r"\\left\b", tex)) == len(re.findall(r"\\right\b", tex))
    assert tex.count(r"\begin{") == tex.count(r"\end{")


def test_optimizers_stand_in_the_order_of_their_families():
    families = [entry.family for entry in OPTIMIZERS.values()]
    assert families == sorted(families, key=FAMILIES.index) and set(families) == set(FAMILIES)


FACTS: dict[str, Any] = {"title": "T", "family": FAMILIES[0], "tex": "x", "source": "S", "teaches": "T"}


def plain(learning_rate):
    return optax.sgd(learning_rate)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tex": ""}, "lacks tex"),
        ({"title": "", "source": ""}, "lacks title, source"),
        ({"teaches": ""}, "lacks teaches"),
        ({"family": "Others"}, "family 'Others'"),
        ({"needs": ("value", "curvature")}, r"needs \['curvature'\]"),
        ({"momentum": Knob(0, 1, 0.5)}, r"takes \['learning_rate'\], its knobs are \['learning_rate', 'momentum'\]"),
    ],
)
def test_registry_refuses_an_entry_that_is_incomplete_or_contradicts_itself(change, message):
    with pytest.raises(ValueError, match=message):
        optimizer(**(FACTS | {"learning_rate": Knob(0, 1, 0.5)} | change))(plain)
    assert "plain" not in OPTIMIZERS


def test_registry_refuses_a_second_entry_of_one_name():
    def adam(learning_rate):
        return optax.adam(learning_rate)

    before = OPTIMIZERS["adam"]
    with pytest.raises(ValueError, match="two optimizers called 'adam'"):
        optimizer(**FACTS, learning_rate=Knob(0, 1, 0.5))(adam)
    assert OPTIMIZERS["adam"] is before and isinstance(before, Optimizer)

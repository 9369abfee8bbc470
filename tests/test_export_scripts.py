"""The scripts that are taken away: run by a Python that has never heard of Downhill, they make the same path."""

import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Trajectory, descend, landscape_from_formula
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from optimizers.schedules import SCHEDULES
from tests.landscape_oracles import ORACLES
from ui.export.script import optax_script, why_not
from ui.scenario import defaults

LINK = "http://example.org/downhill?x=1"
STEPS = 25
TOLERANCE = 1e-6

ALONE = """
import contextlib, io, json, runpy, sys
found, losses = {}, {}
for name, at in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        made = runpy.run_path(name)
    found[name] = {key: made[key].tolist() for key in ("points", "values") if key in made} | {"said": said.getvalue()}
    if at:
        losses[name] = made["f"], at
if losses:
    import jax
    look = jax.jit(lambda: {name: jax.vmap(f)(jax.numpy.array(at)) for name, (f, at) in losses.items()})
    for name, values in look().items():
        found[name]["looked"] = values.tolist()
ours = {"landscapes", "optimizers", "engine", "ui", "knobs"} & {name.split(".")[0] for name in sys.modules}
json.dump([found, sorted(ours)], sys.stdout)
"""
"""Runs scripts and looks at their f at some points; one Python for all of them, since importing JAX takes a second."""


def run_alone(folder: Path, scripts: dict[str, str], looked: dict[str, list] | None = None) -> dict[str, dict]:
    """What each script comes to: its points, its values, what it prints, and f at other points."""
    asked = []
    for name, text in scripts.items():
        (folder / f"{name}.py").write_text(text)
        asked.append([str(folder / f"{name}.py"), (looked or {}).get(name)])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Other flags than the engine's: a script may not hang on how XLA compiles it. These compile fastest.
    environment |= {"XLA_FLAGS": "--xla_backend_optimization_level=0", "JAX_PLATFORMS": "cpu"}
    made = subprocess.run(
        [sys.executable, "-P", "-c", ALONE], cwd=folder, env=environment, input=json.dumps(asked), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    found, ours = json.loads(made.stdout)
    assert ours == []
    return {Path(name).stem: values for name, values in found.items()}


def agree(run: Trajectory, made: dict) -> None:
    rows = slice(run.length + 1)
    assert len(made["points"]) == len(made["values"]) == run.steps + 1
    np.testing.assert_allclose(np.array(made["points"])[rows], run.points[rows], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(np.array(made["values"])[rows], run.losses[rows], rtol=TOLERANCE, atol=TOLERANCE)
    assert made["said"].startswith(f"after {run.steps} steps at (")


TWISTED = {
    "everything": dict(
        optimizer="rmsprop", schedule="one_cycle", rate_changes={8: 0.02, 15: 0.005}, noise=0.5, noise_decay=0.5,
        l2=0.1, clip_norm=3.0, clip_value=2.0, weight_decay=0.1, temperature=0.01, seed=2**31 - 1,
    ),
    "batches": dict(landscape="iris_logistic", optimizer="adam", batch_size=7, l1_penalty=0.1, seed=3),
    "two tasks": dict(landscape="two_tasks", optimizer="gradient_descent", learning_rate=1e-3, task_change=9),
    "searching": dict(optimizer="backtracking_line_search", noise=0.2, l2=0.3, clip_value=5.0, seed=8),
    "curved": dict(landscape="ravine", condition_number=7.0, optimizer="newton_damped", l2=0.5, schedule="cosine"),
}  # fmt: skip
"""Runs with twists of every kind that a script can have."""

FORMULA = (
    "where(x < 0.5, abs(x) + 1, y**2.0) + (x**2 + y - 1)**2/8 + min(x, e)*pi + atan2(y, 3)**-2.0 + max(x, 2*y)**0.5"
)


def by_hand(points: np.ndarray) -> np.ndarray:
    """The formula in NumPy."""
    x, y = points.T
    chosen = np.where(x < 0.5, abs(x) + 1, y**2) + (x**2 + y - 1) ** 2 / 8
    return chosen + np.minimum(x, np.e) * np.pi + np.arctan2(y, 3) ** -2 + np.maximum(x, 2 * y) ** 0.5


@pytest.fixture(scope="module")
def bare() -> Trajectory:
    """A run whose fields tests exchange, so that none has to be compiled for a text alone."""
    return descend("bowl", "gradient_descent", steps=3)


def test_script_of_every_optimizer_makes_the_same_path(tmp_path):
    runs = {key: descend("rosenbrock", key, steps=STEPS) for key in OPTIMIZERS}
    made = run_alone(tmp_path, {key: optax_script(run, LINK) for key, run in runs.items()})
    for key, run in runs.items():
        assert np.ptp(run.points[: run.length + 1], axis=0).max() > 1e-3, key  # it goes somewhere
        agree(run, made[key])


def test_script_with_twists_makes_the_same_path(tmp_path):
    runs = {name: descend(**{"landscape": "rosenbrock", "steps": STEPS, **what}) for name, what in TWISTED.items()}
    runs["typed"] = descend(landscape_from_formula(FORMULA), "adam", start=(-1.3, 2.2), steps=STEPS)
    looked = np.array([(-1.0, 2.0), (0.7, 1.1), (3.0, 0.2)])  # on both sides of its where
    made = run_alone(
        tmp_path, {name: optax_script(run, LINK) for name, run in runs.items()}, {"typed": looked.tolist()}
    )
    for name, run in runs.items():
        agree(run, made[name])
    np.testing.assert_allclose(made["typed"]["looked"], by_hand(looked), rtol=1e-12)


def test_script_holds_every_surface_as_it_is_published(tmp_path, bare):
    random = np.random.default_rng(7)
    scripts, looked, expected = {}, {}, {}
    for key, entry in LANDSCAPES.items():
        low, high = np.array(entry.domain, float).T
        own = {name: float(0.3 * knob.high + 0.7 * knob.default) for name, knob in entry.parameters.items()}
        points = random.uniform(low, high, (4, 2))
        text = optax_script(replace(bare, landscape=entry, parameters=own, start=entry.start), LINK)
        scripts[key], _ = text.split("\n\n\ndef optimizer(")
        looked[key], expected[key] = points.tolist(), ORACLES[key](points, **own)
    for key, made in run_alone(tmp_path, scripts, looked).items():
        np.testing.assert_allclose(made["looked"], expected[key], rtol=1e-9, atol=1e-12, err_msg=key)


def test_script_is_a_program_of_its_own(tmp_path):
    run = descend("himmelblau", "adam", start=(-0.5, 1.25), steps=12)
    (tmp_path / "alone.py").write_text(optax_script(run, LINK))
    made = subprocess.run([sys.executable, "alone.py"], cwd=tmp_path, text=True, capture_output=True, check=True)
    x, y = map(float, re.findall(r"\((.*), (.*)\)", made.stdout)[0])
    np.testing.assert_allclose((x, y), run.points[12], atol=TOLERANCE)


def test_script_says_what_it_is_and_where_it_comes_from(bare):
    ravine, adam = LANDSCAPES["ravine"], OPTIMIZERS["adam"]
    run = replace(
        bare, landscape=ravine, parameters=defaults(ravine.parameters), optimizer=adam, settings=defaults(adam.knobs),
        twists=replace(bare.twists, noise=0.5),
    )  # fmt: skip
    text = optax_script(run, 'http://a/?formula="""\\N{x}')
    compile(text, "script", "exec")  # whatever stands in a link cannot end the heading
    for part in ("Adam on Ravine, 3 steps from (5, 3), with noise 0.5.", "arXiv:1412.6980", "distill.00006"):
        assert part in text
    assert "http://a/?formula='''\\\\N{x}" in text


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_script_with_every_schedule_has_its_shares(schedule, tmp_path):
    """The schedule's own text, run by itself: the rates that it makes are those of the run."""
    run = descend("bowl", "gradient_descent", steps=40, schedule=schedule)
    text = optax_script(run, LINK)
    if schedule == "constant":
        assert "rates" not in text
        return
    (tmp_path / "rates.py").write_text(text[: text.index("def f(p)")])
    made = runpy.run_path(str(tmp_path / "rates.py"))
    np.testing.assert_allclose(made["rates"], run.learning_rates, rtol=1e-12)


@pytest.mark.parametrize("what", [{"precision": "float32"}, {"precision": "float16"}, {"workers": 2}, {"delay": 3}])
def test_script_that_cannot_be_written_says_why(what, bare):
    run = replace(bare, twists=replace(bare.twists, **what))
    assert "half of Downhill's engine" in why_not(run)
    with pytest.raises(ValueError, match="There is no script"):
        optax_script(run, LINK)

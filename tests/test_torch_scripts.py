"""The scripts in PyTorch: what they pass to torch.optim is what was recorded; where torch is there, they are run."""

import ast
import contextlib
import io
import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Trajectory, descend, landscape_from_formula
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS
from ui.export.torch_script import RULES, torch_script, why_no_torch
from ui.scenario import defaults

DATA = Path(__file__).parent / "data"
LINK = "http://example.org/"


@pytest.fixture(scope="module")
def bare() -> Trajectory:
    """A run whose fields tests exchange, so that none has to be compiled for a text alone."""
    return descend("bowl", "gradient_descent", steps=3)


def recorded_arguments() -> dict[str, dict]:
    """What the recorded paths were made with: the second of each three in `SAME`, read from the recording script."""
    tree = ast.parse((DATA / "record_torch_paths.py").read_text())
    (same,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SAME"
    ]
    assert isinstance(same, ast.Dict)
    keys = [ast.literal_eval(key) for key in same.keys if key is not None]
    return {key: ast.literal_eval(value.elts[1]) for key, value in zip(keys, same.values, strict=True)}  # pyright: ignore[reportAttributeAccessIssue]


def call_in(text: str) -> tuple[str, dict]:
    """The class and the keywords of the call of torch.optim in a script."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (call,) = [one for one in calls if ast.unparse(one.func).startswith("torch.optim.")]
    return ast.unparse(call.func).split(".")[-1], {one.arg: ast.literal_eval(one.value) for one in call.keywords}


def test_scripts_call_torch_as_the_recorded_paths_were_made():
    recorded, paths = recorded_arguments(), json.loads((DATA / "torch_paths.json").read_text())["paths"]
    assert set(RULES) == set(recorded) == set(paths)
    for key, path in paths.items():
        own = dict(path["knobs"])
        # Where ε stands elsewhere in PyTorch there is no script for a large one; the recorded ones are small.
        run = descend("rosenbrock", key, start=(-1.0, -0.5), steps=5, **own)
        name, given = call_in(torch_script(run, LINK))
        usual = {"momentum": 0.0} if key == "rmsprop" else {}
        assert (name, {**usual, **given}) == (path["torch"], {**usual, **recorded[key]}), key


@pytest.mark.parametrize("key", list(LANDSCAPES))
def test_every_surface_can_be_written_in_torch_or_says_why(key, bare):
    entry = LANDSCAPES[key]
    run = replace(bare, landscape=entry, parameters=defaults(entry.parameters))
    reason = why_no_torch(run)
    if not reason:
        compile(torch_script(run, LINK), key, "exec")
    assert reason == "" or "There is no script in PyTorch for this surface: it uses " in reason
    if LANDSCAPES[key].chapter != "Applications":
        assert reason == ""


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"optimizer": "lion"}, "Lion is another rule in PyTorch, or none."),
        ({"optimizer": "adam", "noise": 1.0}, "the bare rule only"),
        ({"optimizer": "adam", "rate_changes": ((1, 0.1),)}, "the bare rule only"),
        ({"optimizer": "nesterov", "momentum": 0.0}, "must be above 0"),
        ({"optimizer": "adagrad", "epsilon": 1e-3}, "above 1e-07"),
        ({"optimizer": "radam", "epsilon": 1e-3}, "above 1e-07"),
        ({"optimizer": "radam", "threshold": 6.0}, "τ = 5 only"),
        ({"optimizer": "adafactor", "beta1": 0.5}, "no average of steps"),
        ({"optimizer": "adafactor", "learning_rate": 0.6}, "to 1/√t"),
        ({"optimizer": "adafactor", "epsilon": 1e-3}, "above 1e-20"),
        ({"landscape": "formula", "optimizer": "adam"}, "it uses jax.lax.cond"),
    ],
)
def test_run_without_a_script_in_torch_says_why(what, reason, bare):
    method = OPTIMIZERS[what["optimizer"]]
    settings = {name: what.get(name, knob.default) for name, knob in method.knobs.items()}
    typed = landscape_from_formula("where(x < y, x**2 + y**2, 2*y**2)") if "landscape" in what else bare.landscape
    run = replace(
        bare, landscape=typed, optimizer=method, settings=settings, rate_changes=what.get("rate_changes", ()),
        twists=replace(bare.twists, noise=what.get("noise", 0.0)),
    )  # fmt: skip
    assert reason in why_no_torch(run)
    with pytest.raises(ValueError, match="PyTorch"):
        torch_script(run, LINK)


def test_scripts_run_in_torch_make_the_same_path(tmp_path):
    pytest.importorskip("torch", reason="torch is gigabytes: `.venv-bench` has it, and runs this test there")
    runs = [descend("rosenbrock", key, steps=60) for key in RULES if key in OPTIMIZERS]
    runs += [descend(key, "gradient_descent", steps=20) for key in LANDSCAPES]
    for run in runs:
        if why_no_torch(run):
            continue
        script = tmp_path / "script.py"
        script.write_text(torch_script(run, LINK))
        with contextlib.redirect_stdout(io.StringIO()):
            made = runpy.run_path(str(script))
        rows = slice(run.length + 1)
        message = f"{run.optimizer.key} on {run.landscape.key}"
        np.testing.assert_allclose(np.array(made["points"])[rows], run.points[rows], atol=1e-6, err_msg=message)

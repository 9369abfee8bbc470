"""One verdict on each run: where it flips on quadratics, and that batches get the same ones."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from engine import descend, diagnose, dial_rates, fan, verdicts
from optimizers import OPTIMIZERS
from tests.verdict_labels import CHOSEN

ROOT = Path(__file__).parent.parent
tables = runpy.run_path(str(ROOT / "docs" / "verdicts.py"))

BETA = 0.9
SIDE = 1e-3
"""How far on either side of a limit, as a share of it, the verdict has to have flipped."""


def verdict(surface, optimizer, rate, steps=5000, **settings):
    return diagnose(descend(surface, optimizer, learning_rate=rate, steps=steps, **settings)).verdict


QUADRATICS = [
    ("bowl", 2.0, {}),
    ("ravine", 100.0, {}),
    ("ravine", 20.0, {"condition_number": 20}),
    ("ravine_rotated", 100.0, {}),
    ("booth", 18.0, {}),  # Hessian (10, 8; 8, 10)
    ("matyas", 1.0, {}),  # (0.52, -0.48; -0.48, 0.52)
]


@pytest.mark.parametrize(("surface", "sharpness", "parameters"), QUADRATICS)
def test_gradient_descent_overshoots_from_one_over_the_sharpness_on(surface, sharpness, parameters):
    limit = 1 / sharpness
    assert verdict(surface, "gradient_descent", limit * (1 - SIDE), **parameters) == "converged"
    assert verdict(surface, "gradient_descent", limit * (1 + SIDE), **parameters) == "overshooting"


@pytest.mark.parametrize(("surface", "sharpness", "parameters"), QUADRATICS)
@pytest.mark.parametrize(
    ("optimizer", "product", "settings"),
    [
        ("gradient_descent", 2.0, {}),
        ("momentum", 2 * (1 + BETA), {"momentum": BETA}),
        ("momentum", 2 * (1 + 0.5), {"momentum": 0.5}),
        ("nesterov", 2 * (1 + BETA) / (1 + 2 * BETA), {"momentum": BETA}),
        ("nesterov", 2 * (1 + 0.5) / (1 + 2 * 0.5), {"momentum": 0.5}),
    ],
)
def test_verdicts_flip_to_diverged_at_the_closed_form_limit(
    surface, sharpness, parameters, optimizer, product, settings
):
    limit = product / sharpness
    assert verdict(surface, optimizer, limit * (1 - SIDE), **settings, **parameters) == "overshooting"
    assert verdict(surface, optimizer, limit * (1 + SIDE), **settings, **parameters) == "diverged"


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_limits_are_where_the_recurrence_on_a_parabola_stops_contracting(beta):
    """Heavy ball: x' = (1 + b - q) x - b x_; Nesterov: x' = (1 + b)(1 - q) x - b (1 - q) x_; q = rate λ."""

    def radius(trace, determinant):
        return np.abs(np.linalg.eigvals([[trace, -determinant], [1, 0]])).max()

    for factor, grows in ((1 - SIDE, False), (1 + SIDE, True)):
        heavy_ball = 2 * (1 + beta) * factor
        assert (radius(1 + beta - heavy_ball, beta) > 1) == grows
        left = 1 - 2 * (1 + beta) / (1 + 2 * beta) * factor
        assert (radius((1 + beta) * left, beta * left) > 1) == grows


DRIVEN = [key for key, method in OPTIMIZERS.items() if "learning_rate" in method.knobs]


@pytest.mark.parametrize(
    ("key", "surface"),
    [("gradient_descent", "rosenbrock"), ("adam", "rosenbrock"), *((key, "himmelblau") for key in DRIVEN)],
)
def test_verdicts_of_a_batch_are_those_of_its_runs(key, surface):
    batch = fan(surface, key, rates=dial_rates(key)[::12], steps=200)
    assert verdicts(batch) == [diagnose(batch.run(place)).verdict for place in range(len(batch))]


def test_diagnose_takes_a_run_of_any_length():
    for steps in range(15):
        assert diagnose(descend("bowl", "gradient_descent", learning_rate=0.01, steps=steps)).reason
        assert np.isfinite(diagnose(descend("bowl", "adam", steps=steps)).evidence["loss"])


def test_diagnose_and_verdicts_compile_nothing_after_the_first(compilations):
    def both(surface, rate, count, steps):
        diagnose(descend(surface, "gradient_descent", learning_rate=rate, steps=steps))
        verdicts(fan(surface, "gradient_descent", rates=np.full(count, rate), steps=min(steps, 500)))

    for surface in ("saddle", "rosenbrock", "himmelblau"):
        both(surface, 0.1, 3, 20)
    compilations.clear()
    for count, steps in ((1, 3), (2, 400), (121, 5000)):
        both("saddle", 1e-2, count, steps)
        both("rosenbrock", 1e-3, count, steps)
        both("himmelblau", 1e-1, count, steps)
    assert compilations == []


@pytest.mark.parametrize(
    ("surface", "optimizer", "settings", "verdict", "reason", "evidence"),
    [
        (
            "bowl", "gradient_descent", {"learning_rate": 1.02}, "diverged",
            "η·λ = 2.04 > 2 along the steepest direction", {"product": 2.04, "limit": 2, "grows_from": 0},
        ),
        (
            "ravine", "momentum", {"learning_rate": 0.039}, "diverged",
            "η·λ = 3.9 > 2(1 + β) = 3.8", {"product": 3.9, "limit": 3.8},
        ),
        (
            "bowl", "gradient_descent", {"learning_rate": 0.9, "steps": 8}, "overshooting",
            "η·λ = 1.8 > 1", {"opposed": tuple(range(1, 8)), "swing": 0.8},
        ),
        ("bowl", "gradient_descent", {"learning_rate": 1.0}, "circling", "every 2 steps it is back", {"period": 2}),
        (
            "bowl", "gradient_descent", {"learning_rate": 1e-3}, "crawling",
            "the learning rate would be 500 times as high", {"rate_factor": 500},
        ),
        (
            "rastrigin", "adam", {}, "local minimum", "24.9 above it", {"above": 24.873845},
        ),  # near (4, -3): 4² + 3² and a little less
        (
            "saddle", "gradient_descent", {"learning_rate": 0.01}, "diverged", "It runs away downhill", {},
        ),
        (
            "bowl", "gradient_descent", {"learning_rate": 0.0}, "crawling", "The learning rate is 0", {},
        ),
    ],
)  # fmt: skip
def test_diagnose_gives_the_reason_with_its_numbers(surface, optimizer, settings, verdict, reason, evidence):
    told = diagnose(descend(surface, optimizer, **settings))
    assert told.verdict == verdict
    assert reason in told.reason
    for name, value in evidence.items():
        assert told.evidence[name] == pytest.approx(value, rel=1e-6), name


def test_diagnose_takes_the_changed_rate_for_the_inequality():
    t = descend("bowl", "gradient_descent", learning_rate=0.1, steps=60, rate_changes={20: 1.1})
    told = diagnose(t)
    assert told.verdict == "diverged"
    assert told.evidence["grows_from"] == 20
    assert told.evidence["product"] == pytest.approx(2.2)


@pytest.mark.parametrize(("surface", "rate"), [("absolute", 0.1), ("quantile_line", 0.1)])
def test_diagnose_names_no_limit_where_nothing_is_curved(surface, rate):
    told = diagnose(descend(surface, "gradient_descent", learning_rate=rate, steps=500))
    assert told.verdict == "circling"
    assert "λ" not in told.reason and "limit" not in told.evidence


def test_labels_are_called_what_they_are():
    found = tables["counts"](CHOSEN)
    assert found.total() >= 100
    assert tables["share"](found) >= 0.95
    assert {called for true, called in found if true == "diverged"} == {"diverged"}


def test_model_document_has_the_table_that_the_labels_make():
    assert tables["confusion"]() in (ROOT / "docs" / "model.md").read_text()

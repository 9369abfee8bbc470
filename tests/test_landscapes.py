"""The landscapes: formulas against their sources, and facts against the formulas."""

import zlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from sklearn.datasets import load_diabetes, load_iris

from engine import gradient_field, hessian_eigenvalues
from engine.field import hessian_matrices
from landscapes import LANDSCAPES, Landscape
from tests.data_tables import ANSCOMBE, anscombe_residuals, edge_rows, hatter_counts, two_tasks_rows, weekly_returns
from tests.landscape_oracles import ORACLES
from tests.tex_reader import evaluate

KEYS = list(LANDSCAPES)
SYMBOLS = {
    "condition_number": r"\kappa", "l1_penalty": r"\lambda_1", "l2_penalty": r"\lambda_2",
    "huber_threshold": r"\delta", "quantile": r"\tau", "return_preference": r"\rho",
    "baseline": "B", "exploration": r"\tau", "negatives": "k",
    "task_change": "T", "consolidation": r"\lambda",
}  # fmt: skip

MOST_POINTS = 64

SETTINGS = [
    (key, {name: value})
    for key, entry in LANDSCAPES.items()
    for name, knob in entry.parameters.items()
    for value in (knob.low, knob.default, knob.high)
] + [(key, {}) for key, entry in LANDSCAPES.items() if not entry.parameters]
"""Every landscape at its default parameters and at the ends of each."""

KINKS = {"huber_line": 0.5, "quantile_line": 0.0}
"""The size of an error at which the loss has a kink, or its slope has."""

STATIONARY = [
    (key, kind, point)
    for key, entry in LANDSCAPES.items()
    for kind in ("minima", "local_minima", "saddles")
    for point in getattr(entry, kind)
]


def generic_points(entry: Landscape, count: int = 20) -> np.ndarray:
    """Points anywhere in the domain, the same ones in every run."""
    low, high = np.array(entry.domain).T
    return np.random.default_rng(zlib.crc32(entry.key.encode())).uniform(low, high, (count, 2))


def smooth_points(entry: Landscape) -> np.ndarray:
    """The same, but for fits with a kink where an error has a certain size: only points around which none has."""
    if entry.key not in KINKS:
        return generic_points(entry)
    points = generic_points(entry, 200)
    clear = np.abs(np.abs(anscombe_residuals(points)) - KINKS[entry.key]).min(axis=1) > 0.12
    return points[clear][:20]  # differences reach 4 steps of 0.005 far, and an error grows 6 times as fast as x and y


def losses_at(entry: Landscape, points, **parameters: float) -> np.ndarray:
    settings = {name: knob.default for name, knob in entry.parameters.items()} | parameters
    asked = np.asarray(points, float)
    # As many points every time: outside a program each number of them would compile each operation by itself.
    padded = jnp.asarray(np.concatenate([asked, np.tile(asked[0], (MOST_POINTS - len(asked), 1))]))
    return np.asarray(jax.vmap(lambda p: entry.loss(p, **settings))(padded))[: len(asked)]


def oracle_of(entry: Landscape, **parameters: float):
    settings = {name: knob.default for name, knob in entry.parameters.items()} | parameters
    return lambda points: ORACLES[entry.key](np.asarray(points, float), **settings)


def diabetes_names() -> dict[str, Any]:
    """What the TeX of the two fits to that table speaks of."""
    table: Any = load_diabetes(scaled=False)
    columns = [table.data[:, table.feature_names.index(name)] for name in ("bmi", "s5")]
    return statistics(dict(zip("sut", [*columns, table.target], strict=True)), len(table.target))


def iris_names() -> dict[str, Any]:
    table: Any = load_iris()
    return statistics({"s": table.data[50:, 0], "u": table.data[50:, 1], "t": table.target[50:] - 1}, 100)


def statistics(columns: dict[str, np.ndarray], count: int) -> dict[str, Any]:
    """The rows that are not held out, with their number, means and standard deviations, by their TeX."""
    kept = [n for n in range(count) if n % 5 != 4]
    names: dict[str, Any] = {"n": len(kept)}
    for letter, column in columns.items():
        rows = column[kept]
        names |= {f"{letter}_i": rows, rf"\mu_{letter}": np.mean(rows), rf"\sigma_{letter}": np.std(rows)}
    return names


def anscombe_names() -> dict[str, Any]:
    x, y = np.array(ANSCOMBE.split(), float).reshape(-1, 2).T
    return {"s_i": x, "t_i": y, "n": 11}


def two_tasks_names() -> dict[str, Any]:
    first, second = two_tasks_rows()
    best = np.linalg.lstsq(first.inputs, first.targets)[0]
    names = {"n": len(first.targets), "a_1": best[0], "a_2": best[1], "t_i": first.targets, "h_i": second.targets}
    return names | {"s_i": first.inputs[:, 0], "u_i": first.inputs[:, 1]}


TEX_TABLES = {
    "line_fit": lambda: {"s_i": np.array([1, 2, 3, 4]), "t_i": np.array([3, 5, 7, 9])},
    "diabetes_raw": diabetes_names, "diabetes_standardised": diabetes_names, "iris_logistic": iris_names,
    "huber_line": anscombe_names, "quantile_line": anscombe_names,
    "convolution": lambda: {
        "n": 5600, "l_i": edge_rows().inputs[:, 0], "r_i": edge_rows().inputs[:, 1], "e_i": edge_rows().targets,
    },
    "embedding": lambda: {
        "n_i": hatter_counts()[0], "m_i": hatter_counts()[1],
        "u_i": hatter_counts()[2][:, 0], "v_i": hatter_counts()[2][:, 1],
    },
    "two_tasks": lambda: two_tasks_names(),
    "portfolio": lambda: {"n": 104, **dict(zip(("a_i", "b_i", "c_i"), weekly_returns().T, strict=True))},
}  # fmt: skip


def side(entry: Landscape) -> float:
    return min(high - low for low, high in entry.domain)


# ---- the formula


def test_every_landscape_has_an_oracle():
    assert set(ORACLES) == set(LANDSCAPES)


@pytest.mark.parametrize(("key", "parameters"), SETTINGS)
def test_loss_is_the_published_formula(key, parameters):
    entry = LANDSCAPES[key]
    points = generic_points(entry)
    expected = oracle_of(entry, **parameters)(points)
    # A few dozen roundings of 1e-16 each; the absolute part is for points where large terms cancel.
    np.testing.assert_allclose(
        losses_at(entry, points, **parameters), expected, rtol=1e-12, atol=1e-13 * np.abs(expected).max()
    )


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("distance", [1e-9, 1e-6, 1e-3, 3e-2])
def test_loss_is_the_published_formula_near_the_origin_too(key, distance):
    # There the roots and the creases are, and each has a case of its own in the code.
    entry, points = LANDSCAPES[key], distance * np.array([(1, 0), (0, -1), (0.6, 0.8), (-0.8, 0.6)])
    expected = oracle_of(entry)(points)
    # Losses of size 1 to 1000 whose terms nearly cancel; what matters is what is added to the loss at the origin.
    np.testing.assert_allclose(losses_at(entry, points), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(("key", "parameters"), [case for case in SETTINGS if case[0] != "recurrent_cliff"])
def test_tex_says_what_the_loss_computes(key, parameters):  # that one's TeX is a recursion
    entry = LANDSCAPES[key]
    points = generic_points(entry)
    x, y = (name.translate({0x2081: "_1", 0x2082: "_2"}) for name in entry.axes)
    names = {x: points[:, :1], y: points[:, 1:]} | TEX_TABLES.get(key, lambda: {})()
    names |= {SYMBOLS[name]: knob.default for name, knob in entry.parameters.items()}
    names |= {SYMBOLS[name]: value for name, value in parameters.items()}
    losses = losses_at(entry, points, **parameters)
    said = np.broadcast_to(evaluate(entry.tex, names), (20, 1))[:, 0]
    np.testing.assert_allclose(said, losses, rtol=1e-12, atol=1e-13 * np.abs(losses).max())


@pytest.mark.parametrize("key", KEYS)
def test_tex_has_balanced_brackets(key):
    tex = LANDSCAPES[key].tex
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")


@pytest.mark.parametrize("key", KEYS)
def test_pins_are_the_loss_there(key):
    entry = LANDSCAPES[key]
    points, values = [pin for pin, _ in entry.pins], [value for _, value in entry.pins]
    # Pins are written to all digits; 1e-14 is for those that are 0 by cancellation.
    np.testing.assert_allclose(losses_at(entry, points), values, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("key", KEYS)
def test_gradient_is_the_slope_of_the_published_formula(key):
    entry = LANDSCAPES[key]
    points, oracle = smooth_points(entry), oracle_of(entry)
    step = 1e-4 * side(entry)
    slopes = np.stack([_difference(oracle, points, axis, step) for axis in np.eye(2)], axis=-1)
    # Of fourth order in the step, so about 1e-9; near a wall that is no wider than the step it is less.
    scale = np.abs(slopes).max()
    np.testing.assert_allclose(gradient_field(key, points), slopes, rtol=1e-5, atol=1e-6 * scale)


@pytest.mark.parametrize("key", KEYS)
def test_hessian_eigenvalues_are_those_of_the_published_formula(key):
    entry = LANDSCAPES[key]
    points, oracle = smooth_points(entry), oracle_of(entry)
    step = 1e-3 * side(entry)

    def slope(axis):
        return lambda at: _difference(oracle, at, axis, step)

    matrices = np.array([[_difference(slope(a), points, b, step) for a in np.eye(2)] for b in np.eye(2)])
    expected = np.linalg.eigvalsh(np.moveaxis(matrices, (0, 1), (-2, -1)))
    # Differences of differences: the larger step keeps rounding at 1e-8, and leaves 1e-5 where waves are short.
    np.testing.assert_allclose(
        hessian_eigenvalues(key, points), expected, rtol=1e-3, atol=1e-9 + 1e-4 * np.abs(expected).max()
    )


def _difference(function, points, axis, step):
    """The derivative along the axis by central differences of fourth order."""
    near, far = (function(points + k * step * axis) - function(points - k * step * axis) for k in (1, 2))
    return (8 * near - far) / (12 * step)


@pytest.mark.parametrize("key", KEYS)
def test_gradient_is_finite_everywhere_in_the_domain(key):
    entry = LANDSCAPES[key]
    x, y = np.meshgrid(*(np.linspace(low, high, 41) for low, high in entry.domain))
    stationary = np.reshape([*entry.minima, *entry.local_minima, *entry.saddles, (0, 0)], (-1, 2))
    points = np.concatenate([np.stack([x.ravel(), y.ravel()], axis=-1), stationary])
    assert np.isfinite(gradient_field(key, points)).all()
    assert np.isfinite(hessian_matrices(key, points)).all()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_loss_is_computed_in_the_precision_of_the_point(key, kind):
    entry = LANDSCAPES[key]
    start = jnp.asarray(entry.start, kind)
    settings = {name: jnp.asarray(knob.default, kind) for name, knob in entry.parameters.items()}
    assert jax.eval_shape(lambda p: entry.loss(p, **settings), start).dtype == start.dtype


# ---- its facts


@pytest.mark.parametrize(("key", "parameters"), [(key, p) for key, p in SETTINGS if LANDSCAPES[key].minima])
def test_loss_at_each_minimum_is_the_minimum(key, parameters):
    entry = LANDSCAPES[key]
    known = entry.at(parameters)
    # The digits of a minimizer are off by 1e-16 at most, the loss by a rounding of its largest term.
    assert losses_at(entry, known.minima, **parameters) == pytest.approx(known.minimum, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize(("key", "kind", "point"), [case for case in STATIONARY if case[0] != "quantile_line"])
def test_gradient_vanishes_at_a_stationary_point(key, kind, point):  # left out: its minimum is where creases meet
    (gradient,), (matrix,) = gradient_field(key, [point]), hessian_matrices(key, [point])
    # What a last digit of the point, and one of the terms that cancel, are worth.
    worth = 4e-16 * (1 + np.abs(point).max()) * (1 + np.abs(matrix).max())
    terms = 1e-12 if key == "goldstein_price" else 1e-13  # its terms reach a million there
    assert np.abs(gradient).max() <= worth + terms


@pytest.mark.parametrize(("key", "kind", "point"), [case for case in STATIONARY if case[1] != "saddles"])
def test_no_direction_goes_down_from_a_minimum(key, kind, point):
    ((low, high),) = hessian_eigenvalues(key, [point])
    assert low >= -1e-12 * high  # 0 along a curve of minima, up to rounding
    around, here = _ring(key, point)
    assert around.min() >= here - 1e-14


@pytest.mark.parametrize(("key", "kind", "point"), [case for case in STATIONARY if case[1] == "saddles"])
def test_a_saddle_has_ways_up_and_ways_down(key, kind, point):
    around, here = _ring(key, point)
    assert around.min() < here < around.max()


def _ring(key, point):
    """The published loss on a small circle around a point, and at the point."""
    entry = LANDSCAPES[key]
    oracle, angles = oracle_of(entry), np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.asarray(point) + 1e-3 * side(entry) * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return oracle(circle), oracle(point)


@pytest.mark.parametrize("key", [key for key in KEYS if LANDSCAPES[key].minima])
def test_every_global_minimizer_is_listed_and_none_is_lower(key):
    entry = LANDSCAPES[key]
    oracle = oracle_of(entry)
    x, y = (np.linspace(low, high, 201) for low, high in entry.domain)
    points = np.stack(np.meshgrid(x, y), axis=-1)
    losses = oracle(points)
    assert entry.minimum is not None and losses.min() >= entry.minimum - 1e-14

    padded = np.pad(losses, 1, constant_values=np.inf)
    neighbours = [padded[1 + i : 202 + i, 1 + j : 202 + j] for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    hollows = points[(losses <= np.min(neighbours, axis=0))]
    for start in sorted(hollows, key=oracle)[:12]:
        found = minimize(oracle, start, method="L-BFGS-B", bounds=entry.domain, options={"gtol": 1e-10})
        assert found.fun >= entry.minimum - 1e-12
        if found.fun < entry.minimum + 1e-9 and not entry.minima_curve:
            distance = min(np.linalg.norm(found.x - np.array(known)) for known in entry.minima)
            assert distance < 1e-2 * side(entry), f"{found.x} is as low as the minimum"


@pytest.mark.parametrize("key", [key for key in KEYS if LANDSCAPES[key].local_minima])
def test_local_minima_lie_above_the_minimum(key):
    entry = LANDSCAPES[key]
    assert entry.minimum is not None
    assert losses_at(entry, entry.local_minima).min() > entry.minimum + 1e-3


@pytest.mark.parametrize(
    ("key", "curve"),
    [
        ("trough", lambda t: (0, t)),
        ("product", lambda t: (t, 1 / t)),
        ("product", lambda t: (-t, -1 / t)),
        ("product_of_squares", lambda t: (t, -1 / t)),
        ("product_of_squares", lambda t: (-t, -1 / t)),
        ("recurrent_cliff", lambda t: (2 + t, brentq(lambda b: _recurrent_output(2 + t, b) - 0.7, -4, 0, xtol=1e-15))),
    ],
)
def test_the_whole_curve_of_minima_has_the_minimum(key, curve):
    entry = LANDSCAPES[key]
    assert entry.minima_curve
    points = np.array([curve(t) for t in np.linspace(0.5, 2, 7)])
    assert losses_at(entry, points) == pytest.approx(entry.minimum, abs=1e-15)


def _recurrent_output(weight, bias):
    state = 0.5
    for _ in range(50):
        state = weight / (1 + np.exp(-state)) + bias
    return 1 / (1 + np.exp(-state))


@pytest.mark.parametrize(
    "key", [key for key in KEYS if LANDSCAPES[key].minima and key not in ("quartic", "absolute", "quantile_line")]
)  # those have an isolated minimum without curvature
def test_the_bottom_is_flat_along_a_curve_of_minima_and_nowhere_else(key):
    for point in LANDSCAPES[key].minima:
        ((low, high),) = hessian_eigenvalues(key, [point])
        assert (low <= 1e-9 * high) == bool(LANDSCAPES[key].minima_curve)


@pytest.mark.parametrize("key", [key for key in KEYS if not LANDSCAPES[key].minima])
def test_a_landscape_without_minima_goes_down_without_end(key):
    entry = LANDSCAPES[key]
    corners = [np.array([[np.cos(a), np.sin(a)]]) for a in np.linspace(0, 2 * np.pi, 16)]
    lowest = [min(float(oracle_of(entry)(far * corner)[0]) for corner in corners) for far in (1, 10, 100)]
    assert lowest[0] > lowest[1] > lowest[2]


@pytest.mark.parametrize("key", KEYS)
def test_the_start_is_high_up_and_on_a_slope(key):
    entry = LANDSCAPES[key]
    (loss,), (gradient,) = losses_at(entry, [entry.start]), gradient_field(key, [entry.start])
    assert np.isfinite(loss) and np.hypot(*gradient) > 1e-3
    assert entry.minimum is None or loss > entry.minimum


@pytest.mark.parametrize("key", [key for key in KEYS if LANDSCAPES[key].height == "linear"])
def test_a_linear_height_stays_within_what_a_picture_can_show(key):
    entry = LANDSCAPES[key]
    losses = oracle_of(entry)(np.stack(np.meshgrid(*(np.linspace(*sides, 101) for sides in entry.domain)), axis=-1))
    assert np.ptp(losses) < 3000
    assert entry.minima or losses.min() >= 0, "what falls without end needs asinh"


def test_the_two_minima_have_the_curvatures_that_the_lesson_says():
    np.testing.assert_allclose(hessian_eigenvalues("sharp_and_flat", [(-1, 0), (1, 0)]), [[20, 20], [2, 2]], rtol=1e-15)


def test_drop_wave_keeps_its_curvature_at_the_tip():
    # -(1 + cos 12r)/(r²/2 + 2) = -1 + (36 + 1/4) r² + ..., so 72.5 along both axes, however near to the middle.
    points = [(0, 0), (1e-9, 0), (3e-8, 3e-8), (1e-7, 1e-7), (1e-6, 0)]
    np.testing.assert_allclose(hessian_eigenvalues("drop_wave", points), 72.5, rtol=1e-7)
    np.testing.assert_allclose(losses_at(LANDSCAPES["drop_wave"], [(5e-8, 5e-8)]) + 1, 36.25 * 5e-15, rtol=0.05)

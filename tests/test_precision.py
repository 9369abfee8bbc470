"""Precision: runs really kept in each type, against step by step loops in NumPy's and ml_dtypes' own arithmetic."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from engine import descend, diagnose, fan, landscape_from_formula, swarm
from engine.field import loss_of
from engine.memories import memories
from engine.precision import TYPES
from engine.step import Twisted, method
from engine.twin import misfit, parting, twin
from engine.twists import PLAIN
from landscapes import LANDSCAPES
from optimizers import OPTIMIZERS

NARROW = {"float32": np.float32, "bfloat16": ml_dtypes.bfloat16, "float16": np.float16}
RAVINE: dict[str, Any] = {"condition_number": 100.0, "start": (1.3, 0.7)}


def ravine_descent(kind, steps, rate, momentum, first_scale=1.0, growth=0, start=RAVINE["start"]):
    """Heavy ball on (x² + 100 y²)/2 with all that is kept in `kind` and the rule in float32, each operation rounded.

    Returns:
        The iterates, velocities, scales and skipped steps.
    """
    x, v = np.array(start).astype(kind), np.zeros(2, kind)
    rate, momentum = np.float32(rate), np.float32(momentum)
    scale, since = np.float32(first_scale), 0
    path, velocities, scales, skips = [x], [v], [], []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            half = kind(scale) / kind(2)  # what comes back through the division by 2
            scaled = np.array([kind(2) * x[0] * half, kind(2) * x[1] * (half * kind(100))]).astype(kind)
            skip = growth > 0 and not np.isfinite(scaled.astype(np.float32)).all()
            scales.append(float(scale))
            skips.append(skip)
            if skip:
                scale, since = scale / 2, 0
            else:
                now = scaled.astype(np.float32) / scale + momentum * v.astype(np.float32)
                x, v = (x.astype(np.float32) - rate * now).astype(kind), now.astype(kind)
                since += 1
                if since == growth:
                    scale, since = scale * 2, 0
            path.append(x)
            velocities.append(v)
    return np.array(path, float), np.array(velocities, float), scales, skips


@pytest.mark.parametrize("precision", NARROW)
def test_precision_of_a_run_is_that_of_a_loop_in_its_type(precision):
    """Bit for bit: rate and momentum are powers of two, so that no product of the rule is rounded."""
    run = descend("ravine", "momentum", steps=200, learning_rate=2**-8, momentum=0.5, precision=precision, **RAVINE)
    path, velocities, _, _ = ravine_descent(NARROW[precision], 200, 2**-8, 0.5)
    rows = run.length + 1
    assert rows == 201  # nothing is at rest before its last step
    # In float32 the product 100 y may be added to the velocity unrounded, and then a last bit differs.
    close: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-9} if precision == "float32" else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(run.points, path, **close)
    found = memories(run)
    np.testing.assert_allclose(found.values["v_t"][:rows], velocities, **close)
    np.testing.assert_array_equal(found.points[:rows], run.points)
    # What is recorded is the landscape's own, of the rounded point.
    np.testing.assert_allclose(run.losses, (run.points[:, 0] ** 2 + 100 * run.points[:, 1] ** 2) / 2, rtol=1e-14)
    np.testing.assert_allclose(run.gradients, run.points * [1, 100], rtol=1e-14)
    np.testing.assert_array_equal(run.points, run.points.astype(NARROW[precision]).astype(float))
    assert run.loss_scales is None and not run.skipped.any()


@pytest.mark.parametrize("precision", NARROW)
def test_precision_of_each_step_is_right_to_a_unit_in_the_last_place(precision):
    """At a rate and a momentum that are no powers of two, from the point and the velocity that were recorded."""
    kind = NARROW[precision]
    run = descend("ravine", "momentum", steps=60, learning_rate=3e-3, momentum=0.9, precision=precision, **RAVINE)
    velocity = memories(run).values["v_t"][:60]
    slope = (run.points[:-1] * [1, 100]).astype(kind).astype(float)
    exact = run.points[:-1] - 3e-3 * (0.9 * velocity + slope)
    unit = np.spacing(np.abs(exact).astype(kind)).astype(float)
    unit += 2 * 3e-3 * np.spacing(np.float32(np.abs(velocity) + np.abs(slope)))  # the rule's own rounding, in float32
    assert (np.abs(run.points[1:] - exact) <= unit).all()
    assert not (np.abs(run.points[1:] - exact) <= unit / 64).all()  # and it is no wider type that was rounded here


@pytest.mark.parametrize(("precision", "lost"), [("float16", 2**-11), ("bfloat16", 2**-8), ("float32", 2**-24)])
def test_precision_loses_half_a_unit_added_to_1_and_keeps_more(precision, lost):
    settings: dict[str, Any] = {"start": (1, 0), "steps": 5, "precision": precision, "condition_number": 100.0}
    small = descend("ravine", "momentum", learning_rate=lost / 2, momentum=0, **settings)  # below 1 they lie closer
    assert (small.points == [1, 0]).all() and small.length == 5 and small.status == "running"
    kept = descend("ravine", "momentum", learning_rate=lost, momentum=0, **settings)
    assert kept.points[1, 0] == 1 - lost
    upward = descend("ravine", "momentum", learning_rate=lost, momentum=0, **{**settings, "start": (-1, 0)})
    assert upward.points[1, 0] == -1 + lost


def test_precision_float16_loses_a_gradient_of_1e_8_unless_the_loss_is_scaled():
    flat = landscape_from_formula("(x/10000)**2 + y**2/2")
    settings: dict[str, Any] = {"start": (0.5, 0), "steps": 3, "learning_rate": 1e5, "momentum": 0}
    lost = descend(flat, "momentum", precision="float16", **settings)
    assert (lost.points == [0.5, 0]).all() and (memories(lost).gradients == 0).all()
    np.testing.assert_allclose(lost.gradients[0, 0], 1e-8, rtol=1e-12)  # there it is
    for scaling in ("static", "dynamic"):
        saved = descend(flat, "momentum", precision="float16", loss_scaling=scaling, **settings)
        np.testing.assert_allclose(memories(saved).gradients[0, 0], 1e-8, rtol=2e-3)
        np.testing.assert_allclose(saved.points[1, 0], 0.499, atol=2**-11)


def test_precision_float16_ends_where_the_loss_is_beyond_65504():
    settings: dict[str, Any] = {"condition_number": 100.0, "steps": 9, "learning_rate": 0.03, "momentum": 0}
    too_high = descend("ravine", "momentum", start=(1.5, 40), precision="float16", **settings)
    assert too_high.status == "diverged" and too_high.length == 0 and too_high.points[0].tolist() == [1.5, 40]
    assert diagnose(too_high).reason == (
        "No step can be made in float16: the loss at (1.5, 40) is 80,001, beyond 65,504, the largest number of float16."
    )
    # (0, 25): 50 · 625 = 31,250, and twice that before it is halved. It doubles with each step, to 125,000.
    after_a_step = descend("ravine", "momentum", start=(0, 25), precision="float16", **settings)
    assert after_a_step.status == "diverged" and after_a_step.length == 0 and np.isfinite(after_a_step.losses[0])
    assert np.isnan(after_a_step.points[1:]).all()
    assert "The loss at (0, −50) is 1.25 × 10⁵, beyond 65,504" in diagnose(after_a_step).reason
    # (0, 12) goes to (0, -24) and is to go to (0, 48).
    later = descend("ravine", "momentum", start=(0, 12), precision="float16", **settings)
    assert later.length == 1 and "The loss at (0, 48) is 1.15 × 10⁵, beyond 65,504" in diagnose(later).reason
    for precision in ("bfloat16", "float32"):
        assert descend("ravine", "momentum", start=(1.5, 40), precision=precision, **settings).length == 9
    scaled = descend("ravine", "momentum", start=(1, 1), precision="float16", loss_scaling="static", **settings)
    assert "the gradient times 32,768 at (1, 1) is 3.28 × 10⁶, beyond 65,504" in diagnose(scaled).reason
    steep = replace(LANDSCAPES["ravine"], loss=lambda p, condition_number: 7e4 * (p[0] - 1.5) + p[1])
    assert misfit(replace(too_high, landscape=steep)) == (
        "The gradient at (1.5, 40) is 70,000, beyond 65,504, the largest number of float16"
    )
    far = descend("ravine", "momentum", start=(1e5, 1), precision="float16", **settings)
    assert "the start is beyond 65,504" in diagnose(far).reason


@pytest.mark.parametrize("growth", [1, 7])
def test_loss_scaling_dynamic_is_a_loop_in_numpy(growth):
    settings: dict[str, Any] = {"loss_scaling": "dynamic", "loss_scale": 4096, "scale_growth": growth}
    settings |= {"learning_rate": 2**-8, "momentum": 0.5, "precision": "float16"}
    run = descend("ravine", "momentum", steps=150, **settings, **RAVINE)
    path, velocities, scales, skips = ravine_descent(np.float16, 150, 2**-8, 0.5, 4096, growth)
    np.testing.assert_array_equal(run.points, path)
    np.testing.assert_array_equal(memories(run).values["v_t"][:-1], velocities)
    assert run.loss_scales is not None and run.loss_scales.tolist() == scales
    assert run.skipped.tolist() == skips and 2 < sum(skips) < 100
    assert (np.diff(run.points, axis=0)[run.skipped] == 0).all()


def test_loss_scaling_by_a_power_of_two_changes_nothing_but_what_would_underflow():
    settings: dict[str, Any] = {"steps": 100, "learning_rate": 2**-8, "momentum": 0.5}
    for precision in ("float32", "bfloat16"):
        bare = descend("ravine", "momentum", precision=precision, **settings, **RAVINE)
        scaled = descend("ravine", "momentum", precision=precision, loss_scaling="static", **settings, **RAVINE)
        np.testing.assert_array_equal(scaled.points, bare.points)
        assert scaled.loss_scales is not None and (scaled.loss_scales == 32768).all() and not scaled.skipped.any()


def test_precision_leaves_adam_s_settings_wide_so_that_nothing_is_nan():
    """In bfloat16 0.999 is 1, and with it the correction for the bias would be 0/0."""
    run = descend("ravine", "adam", steps=300, precision="bfloat16", **RAVINE)
    assert run.length == 300 and np.isfinite(run.points).all() and run.losses[-1] < 1e-2
    first, second = memories(run).values["m_t"], memories(run).values["v_t"]
    assert np.isfinite(first).all() and np.isfinite(second).all()
    for kept in (first, second):
        np.testing.assert_array_equal(kept, kept.astype(ml_dtypes.bfloat16).astype(float))
    # The first step is the learning rate along each coordinate, whatever the slope.
    np.testing.assert_allclose(run.points[1], run.points[0] - 0.05, atol=2**-8)


def floats(jaxpr: Any, sums: bool) -> set[str]:
    """The types of floating-point numbers in a program; without those of the sums, which are accumulated in float32."""
    found: set[str] = set()
    for equation in jaxpr.eqns:
        kinds = {str(v.aval.dtype) for v in [*equation.invars, *equation.outvars] if hasattr(v.aval, "dtype")}
        inner = [
            part for value in equation.params.values() for part in (value if isinstance(value, tuple) else (value,))
        ]
        found |= kinds - ({"float32"} if sums and equation.primitive.name in SUMMING else set())
        for part in inner:
            if hasattr(part, "jaxpr") or hasattr(part, "eqns"):
                found |= floats(getattr(part, "jaxpr", part), sums)
    return {kind for kind in found if "float" in kind}


SUMMING = {"reduce_sum", "convert_element_type", "broadcast_in_dim", "div"}
"""What a sum or a mean in float32 is made of in JAX, and its derivative."""


@pytest.mark.parametrize("key", LANDSCAPES)
def test_precision_of_every_landscape_follows_the_point(key):
    """No number in the loss or in its gradient is wider: not a table's, not a constant's."""
    entry = LANDSCAPES[key]
    for precision in ("float16", "float32"):
        kind = TYPES[precision]
        vector, point = jnp.zeros(len(entry.parameters), kind) + 1, jnp.asarray(entry.start, kind)
        losses = [loss_of(entry)]
        if entry.batch_loss is not None:
            batch, weights, names = (
                entry.batch_loss,
                np.full(entry.examples, 1 / entry.examples, kind),
                entry.parameters,
            )
            losses.append(
                lambda v, p, batch=batch, w=weights, names=names: batch(p, w, **dict(zip(names, v, strict=True)))
            )
        for loss in losses:
            made = jax.make_jaxpr(jax.value_and_grad(loss, argnums=1))(vector, point)
            assert floats(made.jaxpr, sums=precision == "float16") == {precision}


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_precision_of_every_optimizer_s_state_is_that_of_the_run(key):
    """By tracing alone: what is carried from step to step, and what leaves a step, has no wider number.

    In float16 test_workers asks it of every optimizer.
    """
    entry, surface = OPTIMIZERS[key], LANDSCAPES["booth"]
    knobs = jnp.array([knob.default for knob in entry.knobs.values()])
    turn = Twisted(jnp.array(PLAIN.numbers(0)), jnp.int32(0), None)
    kind = TYPES["bfloat16"]
    initial, step = method(entry, surface, "bfloat16")
    point = jnp.asarray(surface.start, kind)
    state = jax.eval_shape(initial, point, knobs)
    made = jax.eval_shape(step, point, state, jnp.zeros(0), knobs, turn)
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), made.state) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), state
    )
    assert made.iterate.dtype == kind and made.record.dtype == jnp.float64 and made.gradient.dtype == jnp.float32
    wide = [leaf for leaf in jax.tree.leaves(state) if leaf.dtype in (jnp.float32, jnp.float64)]
    assert not wide


def test_precision_runs_together_are_those_alone_and_compile_once(compilations):
    settings: dict[str, Any] = {"precision": "float16", "loss_scaling": "dynamic", "loss_scale": 1024, "momentum": 0.5}
    place: dict[str, Any] = {"condition_number": 100.0}
    swarm("ravine", "momentum", seeds=[0, 1], steps=3, precision="float16")
    descend("ravine", "momentum", steps=3, precision="float16")
    compilations.clear()
    batch = swarm(
        "ravine", "momentum", starts=[(1.3, 0.7), (-0.4, 0.9)], steps=80, learning_rate=2**-8, **settings, **place
    )
    dialled = fan(
        "ravine", "momentum", rates=[2**-9, 2**-8], start=(-0.4, 0.9), steps=80, scale_growth=9, **settings, **place
    )
    for runs, growth in ((batch, 50), (dialled, 9)):
        alone = descend(
            "ravine", "momentum", start=(-0.4, 0.9), steps=80, learning_rate=2**-8, scale_growth=growth, **settings,
            **place,
        )  # fmt: skip
        together = runs.run(1)
        np.testing.assert_array_equal(together.points, alone.points)
        np.testing.assert_array_equal(together.skipped, alone.skipped)
        np.testing.assert_array_equal(together.loss_scales, alone.loss_scales)
        assert together.twists == alone.twists
    assert compilations == []


def test_precision_composes_with_clipping_noise_and_decay():
    """A step of each: what the gradient has is in the type, what the rule adds in float32, rounded once at the end."""
    twists: dict[str, Any] = {"clip_norm": 3.0, "noise": 0.5, "weight_decay": 0.25, "l2": 2.0}
    run = descend(
        "ravine", "momentum", steps=40, learning_rate=2**-6, momentum=0, precision="float16", seed=4, **twists, **RAVINE
    )
    for t in range(40):
        x = run.points[t]
        noise = np.asarray(jax.random.normal(jax.random.fold_in(jax.random.key(4), t), (2, 2)))[0]
        g = x * [1, 100] + 0.5 * noise + 2 * x
        g = g * min(1, 3 / np.linalg.norm(g))
        exact = x - 2**-6 * g - 2**-6 * 0.25 * x
        # One rounding of the point; those of the gradient, some units of it, count only by the rate.
        assert (np.abs(run.points[t + 1] - exact) <= 0.5 * np.spacing(np.float16(np.abs(exact).max())) + 2e-4).all()
    assert run.clipped[0] and not run.clipped[-1]


def test_twin_is_the_same_run_in_float64_and_parts_where_a_step_is_lost():
    settings: dict[str, Any] = {"learning_rate": 2**-9, "momentum": 0, "steps": 200, "condition_number": 100.0}
    run = descend("ravine", "momentum", start=(1, 0.5), precision="bfloat16", loss_scaling="dynamic", **settings)
    other = twin(run)
    np.testing.assert_array_equal(other.points, descend("ravine", "momentum", start=(1, 0.5), **settings).points)
    # In bfloat16 x stays at 1; its twin is at (1 - 2^-9)^t, and the map is 3.2 wide.
    assert (run.points[:, 0] == 1).all()
    expected = int(np.ceil(np.log(1 - 0.032) / np.log(1 - 2**-9)))
    assert abs(parting(run, other) - expected) <= 1  # pyright: ignore[reportOptionalOperand]
    assert parting(other, other) is None and parting(run, other, share=1) is None
    assert diagnose(run).reason == (
        "From step 0 on its steps are lost in rounding: near x = 1 the numbers of bfloat16 are 0.00781 apart."
    )
    steep = descend("ravine", "momentum", start=(0, 25), precision="float16", **{**settings, "learning_rate": 0.03})
    assert parting(steep, twin(steep)) == 1  # one has diverged, the other has not yet


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("adam", {"precision": "half"}, "precision = 'half' is not allowed: float64, float32, bfloat16 or float16"),
        ("adam", {"precision": 16}, "precision = 16 is not allowed"),
        ("adam", {"precision": []}, r"precision = \[\] is not allowed"),
        ("adam", {"loss_scaling": "auto"}, "loss_scaling = 'auto' is not allowed: none, static or dynamic"),
        ("adam", {"precision": "float16", "loss_scale": 0}, "loss_scale = 0 is not allowed"),
        ("adam", {"scale_growth": 2.5}, "scale_growth = 2.5 is not allowed: a whole number from 1 to 5000"),
        ("lbfgs", {"precision": "float16", "loss_scaling": "static"}, "lbfgs takes derivatives of its own"),
        ("newton", {"loss_scaling": "dynamic"}, "newton takes derivatives of its own"),
    ],
)
def test_precision_is_refused_naming_the_value_and_what_is_allowed(method, settings, message):
    with pytest.raises(ValueError, match=message):
        descend("bowl", method, **settings)


def test_loss_scaling_in_float64_is_the_plain_run():
    run = descend(
        "ravine", "momentum", steps=5, precision="float64", loss_scaling="dynamic", loss_scale=8, scale_growth=3
    )
    assert run.twists == PLAIN and run.twists.keywords() == {} and run.loss_scales is None and not run.skipped.any()
    narrow = descend(
        "ravine", "momentum", steps=0, precision="float16", loss_scaling="static", loss_scale=8, scale_growth=3
    )
    assert narrow.twists.keywords() == {"precision": "float16", "loss_scaling": "static", "loss_scale": 8}

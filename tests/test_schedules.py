"""Every schedule against its formula in plain NumPy, at other knobs than its defaults, and against published values."""

import math
import re

import jax.numpy as jnp
import numpy as np
import pytest

from knobs import Knob
from optimizers import OPTIMIZERS, SCHEDULES
from optimizers.schedules import Schedule, schedule
from tests.tex_reader import evaluate

LENGTHS = (1, 2, 7, 120, 333, 5000)


def shares(key, steps, counts=None, **knobs):
    """The shares at these step numbers, else at all of 0 to `steps`, worked out at as many places every time.

    Outside a program each length would compile each operation by itself.
    """
    entry = SCHEDULES[key]
    asked = np.arange(steps + 1.0) if counts is None else np.array(counts, float)
    numbers = jnp.asarray(np.concatenate([asked, np.zeros(max(LENGTHS) + 1 - len(asked))]))
    filled = {name: float(knob.default) for name, knob in entry.knobs.items()} | knobs
    return np.broadcast_to(entry.build(steps, **filled)(numbers), numbers.shape)[: len(asked)]


def half_cosine(low, high, way):
    """From high at way 0 to low at way 1."""
    return low + (high - low) * (1 + np.cos(np.pi * way)) / 2


def warmup_cosine(t, steps, final, warmup):
    rising = min(round(warmup * steps), steps - 1)
    if t < rising:
        return t / rising
    return half_cosine(final, 1, (t - rising) / (steps - rising))


def one_cycle(t, steps, warmup, divide, final):
    rising = math.floor(warmup * steps)
    if t < rising:
        return half_cosine(1, 1 / divide, t / rising)
    return half_cosine(final / divide, 1, (t - rising) / (steps - rising))


def cyclic(t, steps, period, final):
    half = period / 2
    place = t % period
    return final + (1 - final) * (place / half if place <= half else (period - place) / half)


ORACLES = {
    "constant": ({}, lambda t, steps: 1.0),
    "step": ({"period": 13, "factor": 0.3}, lambda t, steps, period, factor: factor ** (t // period)),
    "exponential": ({"final": 0.03}, lambda t, steps, final: math.exp(math.log(final) * t / steps)),
    "polynomial": (
        {"final": 0.07, "power": 1.7},
        lambda t, steps, final, power: final + (1 - final) * ((steps - t) / steps) ** power,
    ),
    "cosine": ({"final": 0.07}, lambda t, steps, final: half_cosine(final, 1, t / steps)),
    "warmup_cosine": ({"final": 0.07, "warmup": 0.23}, warmup_cosine),
    "one_cycle": ({"warmup": 0.37, "divide": 9, "final": 0.03}, one_cycle),
    "cyclic": ({"period": 14, "final": 0.2}, cyclic),
    "warm_restarts": (
        {"period": 13, "final": 0.07},
        lambda t, steps, period, final: half_cosine(final, 1, (t % period) / period),
    ),
    "inverse_square_root": (
        {"warmup_steps": 11},
        lambda t, steps, warmup_steps: (
            warmup_steps**0.5 * min((t + 1) ** -0.5, (t + 1) * warmup_steps**-1.5)  # as in the paper, over its peak
        ),
    ),
}


@pytest.mark.parametrize("key", SCHEDULES)
@pytest.mark.parametrize("steps", LENGTHS)
def test_schedule_is_its_formula_at_every_step(key, steps):
    knobs, formula = ORACLES[key]
    expected = [formula(t, steps, **knobs) for t in range(steps + 1)]
    np.testing.assert_allclose(shares(key, steps, **knobs), expected, rtol=1e-11, atol=1e-13)


LETTERS = {"final": "a", "factor": "q", "period": "k", "warmup_steps": "k", "power": "p", "divide": "d", "warmup": "w"}


def written(key, t, steps, knobs):
    """What the TeX of a schedule says of one step; the whole numbers and the wave it names are worked out by hand."""
    names = {"t": float(t), "T": float(steps)} | {LETTERS[name]: value for name, value in knobs.items()}
    rising = {"warmup_cosine": round, "one_cycle": math.floor}.get(key, int)(knobs.get("warmup", 0) * steps)
    way = t / max(rising, 1) if t < rising else (t - rising) / (steps - rising)
    names |= {
        "W": rising,
        "c": (1 - math.cos(math.pi * way)) / 2,
        "n": t // names.get("k", 1),
        "m": t % names.get("k", 1),
    }
    lines = [
        line.split("=", 1)[1] for line in SCHEDULES[key].tex.split("\\\\\n") if re.match(r"(\\begin.*\n)?s_t", line)
    ]
    tex = (lines[0] if t < rising else lines[-1]).split(r"\quad")[0].replace(r"\end{aligned}", "")
    tex = re.sub(r"\\lfloor.*?\\rfloor", "n", tex).replace(r"(t \bmod k)", "m")
    tex = re.sub(r"c\\left\(\\frac\{.*?\}\{.*?\}\\right\)", "c", tex)
    if least := re.fullmatch(r"\s*\\min\\left\((.*),\\ (.*)\\right\)", tex):
        return min(evaluate(part, names) for part in least.groups())
    return evaluate(tex, names)


@pytest.mark.parametrize("key", SCHEDULES)
def test_schedule_tex_says_its_value(key):
    knobs, formula = ORACLES[key]
    for t in range(0, 121, 3):
        assert written(key, t, 120, knobs) == pytest.approx(formula(t, 120, **knobs), rel=1e-12), t


@pytest.mark.parametrize("key", SCHEDULES)
def test_schedule_gives_shares_of_a_peak(key):
    """Between 0 and 1 at the ends of every knob and of the run, and 1 where the formula has its peak."""
    entry = SCHEDULES[key]
    for ends in range(2 ** len(entry.knobs)):
        knobs = {
            name: knob.limits[ends >> place & 1] if not knob.integer else (knob.low, knob.high)[ends >> place & 1]
            for place, (name, knob) in enumerate(entry.knobs.items())
        }
        for steps in (1, 2, 9, 400):
            found = shares(key, steps, **knobs)[:steps]
            assert np.isfinite(found).all()
            assert found.min() >= 0 and found.max() <= 1 + 1e-15, (knobs, steps)
    assert shares(key, 400).max() == pytest.approx(1, rel=1e-15)


PEAKS = {"warmup_cosine": 40, "one_cycle": 120, "cyclic": 50, "inverse_square_root": 19}


@pytest.mark.parametrize("key", SCHEDULES)
def test_schedule_is_first_at_its_peak_where_its_formula_says(key):
    assert int(np.argmax(shares(key, 400) >= 1 - 1e-15)) == PEAKS.get(key, 0)


@pytest.mark.parametrize("key", [key for key in SCHEDULES if key != "constant"])
def test_schedule_goes_on_beyond_its_end(key):
    """The sharpness of the last row looks one step further, and a longer run may follow one made for fewer steps."""
    beyond = shares(key, 50, range(50, 70))
    assert np.isfinite(beyond).all() and beyond.min() >= 0 and beyond.max() <= 1
    if key in ("polynomial", "cosine", "warmup_cosine", "one_cycle"):
        assert np.ptp(beyond) == 0


def test_polynomial_values_published_by_optax():
    """From the documentation of optax.polynomial_schedule: 1 to 0.01 in 100 steps, power 2, to four places."""
    found = shares("polynomial", 100, [0, 1, 99, 100, 105], final=0.01, power=2)
    np.testing.assert_allclose(found, [1, 0.9803, 0.0101, 0.01, 0.01], atol=5e-5)


def test_step_values_published_by_pytorch():
    """From the documentation of torch's StepLR: 0.05 for epochs < 30, 0.005 below 60, 0.0005 below 90."""
    found = 0.05 * shares("step", 90, [0, 29, 30, 59, 60, 89], period=30, factor=0.1)
    np.testing.assert_allclose(found, [0.05, 0.05, 0.005, 0.005, 0.0005, 0.0005], rtol=1e-12)


def test_inverse_square_root_is_the_transformers_rate():
    """Its peak for 512 dimensions and 4000 steps of warm-up is (512 * 4000)^-1/2 = 6.9877e-4, at the 4000th step."""
    found = shares("inverse_square_root", 5000, warmup_steps=4000) * (512 * 4000) ** -0.5
    assert found.argmax() == 3999 and found.max() == pytest.approx(6.9877e-4, rel=1e-5)
    assert found[0] == pytest.approx(512**-0.5 * 4000**-1.5, rel=1e-12)


def test_schedules_compile_nothing_for_another_length_or_knob(compilations):
    for key, entry in SCHEDULES.items():
        shares(key, 200, range(300))
        compilations.clear()
        shares(key, 130, range(300), **{n: 0.5 * (k.low + k.default) for n, k in entry.knobs.items() if not k.integer})
        assert compilations == [], key


def test_schedules_are_complete_and_their_knobs_collide_with_nothing():
    names = {name for entry in SCHEDULES.values() for name in entry.knobs}
    assert not names & {name for entry in OPTIMIZERS.values() for name in entry.knobs}
    assert set(ORACLES) == set(SCHEDULES)
    with pytest.raises(ValueError, match="there are two schedules called 'cosine'"):
        schedule(title="x", tex="x", source="x", teaches="x")(SCHEDULES["cosine"].build)
    with pytest.raises(ValueError, match="lacks source"):
        Schedule("a", "A", lambda steps: lambda t: t, {}, "s", "", "why", "")
    with pytest.raises(ValueError, match="build takes"):
        Schedule("a", "A", lambda steps: lambda t: t, {"b": Knob(0, 1, 0.5)}, "s", "who", "why", "")

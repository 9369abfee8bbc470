"""Knob: which descriptions and which values it takes."""

import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from knobs import Knob


@pytest.mark.parametrize(
    "description",
    [
        {"low": 1, "high": 1, "default": 1},
        {"low": 2, "high": 1, "default": 1.5},
        {"low": 0, "high": 1, "default": 1.1},
        {"low": 0, "high": 1, "default": -0.1},
        {"low": 0, "high": 1, "default": 0.5, "allowed": (0.1, 2)},
        {"low": 0, "high": 1, "default": 0.5, "allowed": (-1, 0.9)},
        {"low": math.nan, "high": 1, "default": 0.5},
        {"low": 0, "high": math.nan, "default": 0.5},
        {"low": 0, "high": 1, "default": math.nan},
    ],
)
def test_knob_refuses_numbers_out_of_order(description):
    with pytest.raises(ValueError, match="is out of order"):
        Knob(**description)


@pytest.mark.parametrize(
    ("low", "scale"),
    [(0, "log"), (-1, "log"), (1, "square")],
)
def test_knob_refuses_a_scale_that_cannot_be_drawn(low, scale):
    with pytest.raises(ValueError, match="scale is 'linear' or 'log', and a log scale starts above 0"):
        Knob(low, 10, 5, scale)


def test_knob_takes_a_default_at_either_end_and_a_sweep_as_wide_as_what_is_allowed():
    assert Knob(0, 1, 0).default == 0
    assert Knob(0, 1, 1).default == 1
    assert Knob(0, 1, 0, allowed=(0, 1)).limits == (0, 1)
    assert Knob(1e-300, 1, 1, "log").low == 1e-300


def test_limits_are_the_sweep_unless_more_is_allowed():
    assert Knob(1, 2, 1).limits == (1, 2)
    assert Knob(1, 2, 1, allowed=(0, 100)).limits == (0, 100)


@pytest.mark.parametrize("value", [0, 1, 0.25, np.float32(0.5), np.int64(1)])
def test_check_returns_an_allowed_number_as_a_float(value):
    checked = Knob(0, 1, 0).check("momentum", value)
    assert type(checked) is float and checked == value


def test_check_allows_what_is_outside_the_sweep_but_defined():
    knob = Knob(1, 2, 1, allowed=(0, 100))
    assert knob.check("rate", 0) == 0
    assert knob.check("rate", 100) == 100
    with pytest.raises(ValueError, match="a number from 0 to 100"):
        knob.check("rate", 100.5)


@pytest.mark.parametrize(
    "value",
    [
        -1e-9,
        1 + 1e-9,
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        "0.5",
        None,
        True,
        np.True_,
        0.5j,
        np.complex128(0.5),
        [0.5],
    ],
)
def test_check_refuses_everything_else_and_says_what_is_allowed(value):
    with pytest.raises(ValueError) as refusal:
        Knob(0, 1, 0).check("momentum", value)
    assert str(refusal.value) == f"momentum = {value!r} is not allowed: a number from 0 to 1"


def test_check_takes_only_whole_numbers_where_the_knob_does():
    knob = Knob(1, 10, 5, integer=True)
    assert knob.check("memory", 7) == 7
    assert knob.check("memory", 7.0) == 7
    for value in (7.5, 0, 11, math.nan):
        with pytest.raises(ValueError, match="memory = .* is not allowed: a whole number from 1 to 10"):
            knob.check("memory", value)


def test_knob_cannot_be_changed():
    knob: Any = Knob(0, 1, 0)
    with pytest.raises(FrozenInstanceError):
        knob.default = 1

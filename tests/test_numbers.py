"""Numbers for people."""

import math

import pytest

from ui.numbers import number, point


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (24.2, "24.2"), (0.0576, "0.0576"), (1.8e-5, "1.8 × 10⁻⁵"), (1e179, "1 × 10¹⁷⁹"),
        (1.004e179, "1 × 10¹⁷⁹"), (1e-3, "0.001"), (9.9951e-4, "0.001"), (9.994e-4, "9.99 × 10⁻⁴"), (12345.6, "12,346"),
        (99949, "99,949"), (123456, "1.23 × 10⁵"), (-1.2, "−1.2"), (-3e-7, "−3 × 10⁻⁷"), (0.1 + 0.2, "0.3"),
        (1000, "1,000"), (100, "100"), (999.6, "1,000"), (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "undefined"),
    ],
)  # fmt: skip
def test_number_reads_well(value, text):
    assert number(value) == text


def test_point_reads_well():
    assert point((-1.2, 1.0)) == "(−1.2, 1)"

"""The texts of the page: equations and references as Markdown."""

import pytest

from landscapes import LANDSCAPES
from ui.panels import equation, linked


def test_equation_has_each_definition_on_a_line_of_its_own():
    assert equation("x^2 + y^2") == "f(x, y) = x^2 + y^2"
    lines = r"f(x, y) &= r^2 + P \\ r &= x - y \\ P &= \lambda_1 |x|"
    assert equation(r"r^2 + P,\quad r = x - y,\quad P = \lambda_1 |x|") == rf"\begin{{aligned}}{lines}\end{{aligned}}"


@pytest.mark.parametrize("key", LANDSCAPES)
def test_equation_aligns_every_line_and_loses_nothing(key):
    tex = LANDSCAPES[key].tex
    shown = equation(tex, LANDSCAPES[key].axes)
    assert shown.count("&=") == (tex.count(r",\quad ") + 1 if r",\quad " in tex else 0)
    lines = shown.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}").replace("&=", "=").split(r" \\ ")
    of = {"line_fit": "w, b", "iris_logistic": "w_1, w_2", "bowl": "x, y"}.get(key)
    assert r",\quad ".join(lines).endswith(f") = {tex}")
    assert of is None or lines[0].startswith(f"f({of}) =")


def test_a_reference_is_linked_without_the_sign_after_it():
    for sign in (":", ",", ".", ";"):
        assert r"(<https://doi.org/10.1214/aos>)" in linked(f"Efron 2004, doi:10.1214/aos{sign} the table")

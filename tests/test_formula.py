"""Typed formulas: their values and derivatives, their TeX, and everything that is refused."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from landscapes.formula import ALLOWED, LONGEST, FormulaError, read_formula
from tests.tex_reader import evaluate

POINTS = np.random.default_rng(0).uniform(-2, 2, (12, 2))

FORMULAS = {
    "x**2 + y**2": lambda x, y: x * x + y * y,
    "(1 - x)**2 + 100*(y - x**2)**2": lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    "-x**2 - -y": lambda x, y: -(x * x) + y,
    "2**3**0.5 - x/y/2": lambda x, y: 2 ** math.sqrt(3) - x / (2 * y),
    "x - (y - 1) - 1": lambda x, y: x - y,
    "x**-2 + abs(y)**1.5": lambda x, y: 1 / (x * x) + np.abs(y) * np.sqrt(np.abs(y)),
    "exp(-x)*sin(pi*y) + cos(e*x) - tan(y/2)": lambda x, y: (
        np.sin(np.pi * y) / np.exp(x) + np.cos(np.e * x) - np.sin(y / 2) / np.cos(y / 2)
    ),
    "sinh(x) + cosh(y)*tanh(x)": lambda x, y: (
        (np.exp(x) - np.exp(-x)) / 2 + (np.exp(y) + np.exp(-y)) / 2 * (1 - 2 / (np.exp(2 * x) + 1))
    ),
    "log(x*x) + sqrt(y*y)": lambda x, y: 2 * np.log(np.abs(x)) + np.abs(y),
    "atan2(y, x) + min(x, y) - 3*max(x, 0.5)": lambda x, y: (
        np.angle(x + 1j * y) + (x + y - np.abs(x - y)) / 2 - 3 * np.where(x > 0.5, x, 0.5)
    ),
    "where(x < y, x, 2*y) + where(x >= 0, 1, -1)": lambda x, y: np.where(y > x, x, 2 * y) + np.sign(x),
    "where(x <= 0.5, 1, 0) + where(y > 1e-1, 10, 20)": lambda x, y: (
        np.where(x > 0.5, 0, 1) + np.where(y <= 0.1, 20, 10)
    ),
    "1.5E-3*x + .5 + 2.": lambda x, y: 0.0015 * x + 2.5,
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_has_the_value_that_the_text_says(text):
    loss = read_formula(text).loss
    for x, y in POINTS:
        assert float(loss(jnp.array([x, y]))) == pytest.approx(float(FORMULAS[text](x, y)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_gradient_is_the_difference_quotient(text):
    loss, h = read_formula(text).loss, 1e-6
    for x, y in POINTS:
        gradient = jax.grad(loss)(np.array([x, y]))
        f = FORMULAS[text]
        central = [(f(x + h, y) - f(x - h, y)) / (2 * h), (f(x, y + h) - f(x, y - h)) / (2 * h)]
        # A difference quotient of order h^2, and rounding of about 1e-16 / h times the largest value, 1e3.
        np.testing.assert_allclose(gradient, np.array(central, float), rtol=1e-5, atol=1e-6)


def random_text(random: np.random.Generator, depth: int) -> str:
    """A formula that the TeX reader of the tests can read back."""
    if depth == 0 or random.random() < 0.15:
        return str(random.choice(["x", "y", "2", "0.5", "pi", "3.25"]))
    a, b = random_text(random, depth - 1), random_text(random, depth - 1)
    kind = random.integers(9)
    forms = [f"{a} + {b}", f"{a} - ({b})", f"({a})*({b})", f"({a})/({b})", f"-({a})", f"({a})**2", f"sin({a})",
             f"cos({a})", f"({a}) * {b}"]  # fmt: skip
    return forms[kind]


def test_formula_tex_says_the_same_as_the_loss():
    random = np.random.default_rng(1)
    seen = 0
    for _ in range(300):
        text = random_text(random, int(random.integers(1, 5)))
        if len(text) > LONGEST:
            continue
        formula = read_formula(text)
        x, y = random.uniform(0.3, 2, 2)
        with np.errstate(all="ignore"):  # a divisor may vanish: both sides then say so
            expected = float(formula.loss(jnp.array([x, y])))
            said = float(evaluate(formula.tex, {"x": x, "y": y}))
        assert said == pytest.approx(expected, rel=1e-9, nan_ok=True), (text, formula.tex)
        seen += math.isfinite(expected)
    assert seen > 200


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("(x/2)**2", r"\left(\frac{x}{2}\right)^{2}"),
        ("(2e-7)**2", r"\left(2 \cdot 10^{-7}\right)^{2}"),
        ("abs(x - 1)", r"\left|x - 1\right|"),
        ("sqrt(x)**2", r"\sqrt{x}^{2}"),
        ("(x + 1)**2 * -y", r"\left(x + 1\right)^{2}\,\left(-y\right)"),
        ("1e-7*e", r"1 \cdot 10^{-7}\,\mathrm{e}"),
        ("2*x*3*(y - 1)", r"2\,x \cdot 3\,\left(y - 1\right)"),
        ("where(x <= y, 1, x)", r"\begin{cases}1 & \text{if } x \le y \\ x & \text{else}\end{cases}"),
    ],
)
def test_formula_tex_reads_as_people_write(text, tex):
    assert read_formula(text).tex == tex


def test_formula_where_is_differentiated_on_the_side_that_counts():
    """The root's slope is undefined on the other side; multiplied by zero it would spoil this one."""
    loss = read_formula("where(x > 0, sqrt(x), x**2)").loss
    points = np.array([[-3.0, 0.0], [4.0, 0.0]])
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(points)[:, 0], [-6.0, 0.25], rtol=1e-15)
    np.testing.assert_allclose(jax.vmap(jax.hessian(loss))(points)[:, 0, 0], [2.0, -1 / 32], rtol=1e-15)


def test_formula_whole_powers_have_slopes_at_zero_and_below():
    loss = read_formula("x**3 + y**2").loss
    np.testing.assert_array_equal(jax.grad(loss)(np.array([-2.0, 0.0])), [12.0, 0.0])
    np.testing.assert_array_equal(jax.hessian(loss)(np.array([0.0, 0.0])), [[0.0, 0.0], [0.0, 2.0]])


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 0, "There is no formula"),
        ("   ", 0, "There is no formula"),
        ("x +", 2, "no complete formula"),
        ("x^2", 1, "A power is written **"),
        ("x + z", 4, "'z' is not known"),
        ("__import__('os')", 0, "'__import__' is not a function"),
        ("x.real", 0, "This is not allowed"),
        ("(lambda: 1)()", 0, "Only a function is followed by parentheses"),
        ("2x + 1", 0, "A product is written with *"),
        ("1 + 2(x + 1)", 4, "Only a function is followed by parentheses; a product is written with *"),
        ("[x for x in y]", 0, "This is not allowed"),
        ("x if x else y", 0, "This is not allowed"),
        ("x := 3", 2, "no complete formula"),
        ("x and y", 0, "This is not allowed"),
        ("not x", 0, "This is not allowed"),
        ("~x", 0, "This is not allowed"),
        ("x // y", 0, "This is not allowed"),
        ("x % y", 0, "This is not allowed"),
        ("x @ y", 0, "This is not allowed"),
        ("x, y", 0, "This is not allowed"),
        ("y + x < 1", 0, "A comparison may only stand first"),
        ("'text' + x", 0, "'text' is not a number"),
        ("x + True", 4, "True is not a number"),
        ("x + 2j", 4, "2j is not a number"),
        ("x + ...", 4, "Ellipsis is not a number"),
        ("f'{x}'", 0, "This is not allowed"),
        ("3*sin", 2, "sin is a function"),
        ("x(3)", 0, "'x' is not a function"),
        ("sin(x)(y)", 0, "Only a function is followed by"),
        ("1 + sin(x, y)", 4, "sin takes 1 argument"),
        ("min(x)", 0, "min takes 2 arguments"),
        ("sin(x=1)", 0, "sin takes 1 argument"),
        ("max(*x)", 0, "max takes 2 arguments"),
        ("sin(*x)", 4, "This is not allowed"),
        ("where(x, 1, 2)", 6, "where begins with one comparison"),
        ("where(0 < x < 1, 1, 2)", 6, "where begins with one comparison"),
        ("where(x == 1, 1, 2)", 6, "This comparison is not allowed"),
        ("where(x < 1, 1)", 0, "where takes 3 arguments"),
        ("where()", 0, "where begins with one comparison"),
        ("1e10*x", 0, "This number is too large"),
        ("x*1e999", 2, "This number is too large"),
        ("9**9**99", 6, "This exponent is too large"),
        ("x**12.5", 3, "This exponent is too large"),
        ("x**-13", 3, "This exponent is too large"),
        ("2 + " + "-" * 40 + "x", 33, "nested too deeply"),
        ("+".join(["x"] * 80), 142, "too many parts: 150"),
        ("(" * 140 + "x" + ")" * 140, 0, ""),
        ("(" * 250 + "x", 0, ""),
        ("max(" * 31 + "x" + ",x)" * 31, 120, "nested too deeply"),
        ("y" * 301, 300, "301 characters are too many"),
        ("x − 1", 2, "U+2212 is not allowed"),
        ("x\n+1", 1, "U+000A is not allowed"),
        ("x + \x00", 4, "U+0000 is not allowed"),
        ("ｘ + 1", 0, "U+FF58 is not allowed"),
        ("x # note", 0, ""),
    ],
)  # fmt: skip
def test_formula_refusal_points_at_the_character(text, column, reason):
    if not reason:  # Python's parser decides; what matters is that it is either a formula or refused
        try:
            read_formula(text)
        except FormulaError:
            pass
        return
    with pytest.raises(FormulaError) as refused:
        read_formula(text)
    assert reason in refused.value.reason
    assert refused.value.column == column
    pointed = str(refused.value).split("\n")
    assert pointed[1] == refused.value.text and pointed[2] == " " * column + "^"
    assert pointed[3] == f"A formula may hold {ALLOWED}." and len(pointed) == 4


def test_formula_too_many_parts_are_refused():
    pairs = "*".join(["(x+y)"] * 20)
    halves = f"({pairs}) + ({pairs})"
    with pytest.raises(FormulaError, match="too many parts: 150"):
        read_formula(f"max({halves}, 1)" if len(halves) < 280 else halves)

"""The step explained: the rule on the page, worked through with the real state, gives the run's next row."""

import re

import numpy as np
import pytest

from engine import descend
from optimizers import OPTIMIZERS
from optimizers.symbols import symbol
from tests.test_optimizers import OTHER, STARTS, SYMBOLS
from ui.explanation import explain, work
from ui.mathml import mathml
from ui.rule import evaluate, read_rule

STEPS = 30

IN_WORDS = {
    "schedule_free_sgd": {"g_t"},  # the gradient at y
    "backtracking_line_search": {r"\alpha_t"},  # the first that will do
    "newton": {"H_t"}, "newton_damped": {"H_t"}, "newton_saddle_free": {r"\nabla^2f(x_{t-1})"},
    "lbfgs": {r"\gamma_1"}, "sophia": {"H_t", "h_t"},  # random signs
}  # fmt: skip
"""What a rule only says, where there is nothing to compute; all else of it is computed."""

FIRST_UNDEFINED = {"lbfgs": {"s_t", "y_t", r"\gamma_t"}}
"""What a rule defines from the second step on."""


def explained(key, **settings):
    return descend("himmelblau", key, start=STARTS["himmelblau"], steps=STEPS, **settings)


@pytest.mark.parametrize("settings", ["default", "other"])
@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_rule_on_the_page_gives_the_next_row_and_the_real_state(key, settings):
    run = explained(key, **(OTHER[key] if settings == "other" else {}))
    known, lines = work(run)
    statements = [worked for line in lines for worked in line if worked.statement.name]
    assert {worked.statement.name for worked in statements if worked.computed is None} == IN_WORDS.get(key, set())
    memories = {name for name in OPTIMIZERS[key].memories if name.endswith("_t")}
    searched = {r"\alpha_t"} if key == "lbfgs" else set()  # said in words, in several lines
    assert {worked.statement.name for worked in statements} >= (memories - searched) | {"x_t"}
    for worked in statements:
        name = worked.statement.name
        if worked.computed is None or worked.value is None:
            continue
        first = 1 if name in FIRST_UNDEFINED.get(key, ()) else 0
        real, made = np.broadcast_arrays(known[name], worked.computed)
        if name == "d_t" and key == "adan":
            first = 1  # the rule has a line of its own for d₁
        if name == r"\gamma_t" and key == "lbfgs":
            real = np.where(np.isnan(made), np.nan, real)  # at rest the rule is 0/0, and optax takes 1
        # Fifty roundings, of sums that may cancel; and at rest 0/0 where the rule says "but".
        np.testing.assert_allclose(made[first:], real[first:], rtol=1e-7, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_printed_next_point_is_the_next_row_of_the_run(key):
    run = explained(key)
    shown = explain(run)
    (line,) = [numbers for line in shown.lines for rule, numbers in line if numbers.startswith(mathml(x_t()))]
    assert line.endswith('<mrow data-slot="x_t"></mrow>')
    np.testing.assert_array_equal(shown.slots["x_t"][: run.length], run.points[1 : run.length + 1])
    np.testing.assert_array_equal(shown.slots["step"][: run.length], np.diff(run.points[: run.length + 1], axis=0))


def x_t():
    return read_rule("x_t = 1")[0][0].nodes[:1]


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_every_slot_that_is_drawn_has_its_numbers(key):
    shown = explain(explained(key))
    drawn = {
        name for line in shown.lines for _, numbers in line for name in re.findall(r'data-slot="([^"]*)"', numbers)
    }
    assert drawn <= set(shown.slots)
    assert {mark.slot for mark in shown.marks} <= set(shown.slots)
    rows = {len(values) for values in shown.slots.values()}
    assert len(rows) == 1


def test_a_rate_that_changes_stands_in_the_rule_as_it_is_at_each_step():
    run = explained("momentum", learning_rate=1e-3, rate_changes={10: 2e-3})
    shown = explain(run)
    np.testing.assert_array_equal(shown.slots[r"\eta"][[0, 9, 10, 29], 0], [1e-3, 1e-3, 2e-3, 2e-3])
    steady = explain(explained("momentum", learning_rate=1e-3))
    assert r"\eta" not in steady.slots and "<mn>0.001</mn>" in steady.lines[1][0][1]


def test_symbols_are_those_of_the_table_in_the_model():
    for key, entry in OPTIMIZERS.items():
        for name in entry.knobs:
            assert symbol(entry, name) == (SYMBOLS.get((name, key)) or SYMBOLS[name, ""])


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"a\,\frac{b}{2} - c^2", [[2 * 3 / 2 - 16]]),
        (r"\max(a,\ b) - \min(a, c)", [[1]]),
        (r"\sqrt{c} / a b", [[3]]),
        (r"\lVert v \rVert^2 - \langle v, v \rangle + \lVert v \rVert_1", [[7]]),
        (r"\mathrm{rms}(v)", [[np.sqrt(12.5)]]),
        (r"\mathrm{clip}(v, -1, b)\,\mathrm{sign}(v)", [[3, 1]]),
        (r"H^{+} v", [[1.5, -2]]),
        (r"|H| v + a v", [[12, -16]]),
        (r"10^{-3}\, v \odot v", [[9e-3, 16e-3]]),
        (r"\begin{cases} a & v > 0 \\ b & v < 0 \\ c & \text{else} \end{cases}", [[2, 3]]),
    ],
)
def test_formula_is_worth_what_tex_says(tex, expected):
    names = {
        "a": np.array([[2.0]]), "b": np.array([[3.0]]), "c": np.array([[4.0]]), "v": np.array([[3.0, -4.0]]),
        "H": np.array([[[2.0, 0], [0, 2.0]]]),
    }  # fmt: skip
    ((statement,),) = read_rule(f"q = {tex}")
    np.testing.assert_allclose(evaluate(statement.formula, names), expected)


def test_formula_with_words_or_an_unknown_name_has_no_value():
    for tex in (r"q = \text{the first}", "q = z", r"q = y_i^\top z"):
        ((statement,),) = read_rule(tex)
        with pytest.raises(ValueError, match="."):
            evaluate(statement.formula, {})


def test_mathml_puts_numbers_for_symbols_and_dots_between_them():
    ((statement,),) = read_rule(r"x_t = \beta\,\hat m_t + 2 g_t^2")
    drawn = mathml(statement.formula, {r"\beta": "<mn>0.9</mn>", r"\hat m_t": '<mrow data-slot="m"></mrow>'})
    assert "<mn>0.9</mn><mo>·</mo>" in drawn and 'data-slot="m" data-wrapped' in drawn
    assert '<mn>2</mn><mo>·</mo><msup><msub><mi mathvariant="normal">g</mi>' in drawn
    assert "<mover" in mathml(statement.formula) and "·" not in mathml(statement.formula)


def test_explanation_says_what_is_done_beside_the_rule():
    run = {"landscape": "bowl", "optimizer": "gradient_descent", "steps": 5}
    assert explain(descend(**run)).note == ""
    assert explain(descend(**run, schedule="cosine")).note == ""  # its rate stands in the rule
    twisted = explain(descend(**run, noise=1, clip_norm=2, weight_decay=0.1)).note
    assert twisted == (
        "g is the gradient that the rule is given: with noise, clipped. "
        "The ball is also moved by weight decay, which this rule does not show."
    )

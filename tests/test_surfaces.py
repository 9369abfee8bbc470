"""What surfaces are called, in an address too: formulas come back as they were, hostile ones are refused in words."""

import itertools
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest

from engine.survey import landscape_from_formula
from landscapes import LANDSCAPES
from landscapes.formula import ALLOWED, LONGEST, FormulaError, read_formula
from tests.test_formula import FORMULAS, random_text
from ui.comparison import default_comparison
from ui.comparison import from_query as comparison_from_query
from ui.comparison import to_query as comparison_to_query
from ui.scenario import default_scenario, from_query, run, to_query
from ui.surfaces import name_of, read_surface, surface, surface_query

HOSTILE = (
    "", " ", "\x00", "x\x00y", "__import__('os').system('id')", "().__class__.__bases__[0].__subclasses__()",
    "lambda: 0", "(lambda x: x)(1)", "[x for x in (1, 2)]", "{x}", "x if x else y", "x := 1", "x; y", "exec('x')",
    "eval('x')", "open('/etc/passwd')", "x.real", "x[0]", "x.__class__", "f'{x}'", "f'{__import__}'", "'x' * 10**9",
    "9**9**9**9", "10**1000", "x**1e9", "2**99999", "1e400", "9" * 299, "x" * 10_000, "+x" * 5_000, "(" * 200 + "x",
    "(" * 150 + "x" + ")" * 150, "-" * 250 + "x", "max(" * 60 + "x", "x\n+ y", "x\ty", "ｘ + y", "х + y", "x − 1", "x²",
    "√x", "\u202ex + y", "é", "🏔", "\udc80", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "x<!--",
    "$$x$$",
    r"\frac{1}{0}", "${7*7}", "{{7*7}}", "'; DROP TABLE runs; --", "../../etc/passwd", "x %d %s", "x // y", "x % y",
    "x @ y", "x == y", "x < y < 1", "x and y", "not x", "await x", "yield x", "import os", "sin", "sin()", "sin(x, y)",
    "sin(*x)", "sin(**x)", "where(x, 1, 2)", "max(x)", "x(1)", "sin(x)(y)", "0x10 + x + z", "1_000*z", "nan", "inf",
    "True", "None", "...", "1j", "b'x'", "bowl", "rosenbrock", "formula", "surface",
)  # fmt: skip


def through_the_address(name: str) -> str:
    address = urlencode(surface_query(name, "rosenbrock"))
    query = {key: value for key, (value,) in parse_qs(address, keep_blank_values=True).items()}
    ignored: list[str] = []
    assert set(query) <= {"surface", "formula"}
    return read_surface(query, ignored, "rosenbrock") if not ignored else ""


def random_formulas(number: int) -> list[str]:
    random = np.random.default_rng(3)
    drawn = (random_text(random, int(random.integers(1, 5))) for _ in itertools.count())
    return list(itertools.islice((text for text in drawn if len(text) <= LONGEST), number))


def test_every_key_comes_back_from_the_address_and_reads_as_no_formula():
    for key in LANDSCAPES:
        assert through_the_address(key) == key
        with pytest.raises(FormulaError):
            read_formula(key)


def test_random_formulas_come_back_from_the_address_as_they_were():
    """By what is written and read; that a formula can also be drawn is asked of a few below."""
    texts = random_formulas(2000)
    assert len(set(texts)) > 1000
    for text in texts:
        address = urlencode(surface_query(text, "rosenbrock"))
        assert parse_qs(address, keep_blank_values=True) == {"formula": [text]}
        assert read_formula(text).text == text


@pytest.mark.parametrize("text", [*FORMULAS, *random_formulas(4)])
def test_scenario_and_comparison_with_a_formula_come_back(text):
    name = text.strip()
    assert through_the_address(text) == name
    scenario, comparison = default_scenario(name), default_comparison(name)
    assert to_query(scenario) == comparison_to_query(comparison) == {"formula": name}
    assert from_query({"formula": f" {text} "}) == (scenario, ())
    assert comparison_from_query({"formula": [text]}) == (comparison, ())
    x, y = surface(name).start
    assert scenario.start == comparison.start == (x, y)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_formula_is_refused_in_one_short_sentence_and_the_usual_surface_stays(text):
    for read, usual in ((from_query, default_scenario()), (comparison_from_query, default_comparison())):
        found, (sentence,) = read({"formula": text})
        assert found == usual
        assert sentence.startswith("formula = ") and len(sentence) < 200 and sentence.isprintable()


def test_random_hostile_texts_never_raise():
    random = np.random.default_rng(4)
    parts = [*HOSTILE, *FORMULAS, "x", "y", "(", ")", "+", "**", ",", " ", "1e9", "12", "where(", "<", "_", "."]
    refused = 0
    for _ in range(2000):
        text = "".join(parts[random.integers(len(parts))] for _ in range(random.integers(2, 6)))
        try:
            assert read_formula(text).text == text.strip()
        except FormulaError as error:
            refused += 1
            assert 0 <= error.column <= len(error.text) <= LONGEST + 1
            assert str(error).endswith(f"A formula may hold {ALLOWED}.")
            _, (sentence,) = from_query({"formula": text})
            assert len(sentence) < 200 and sentence.isprintable()
    assert refused > 1500


def test_surface_beside_a_formula_is_named_and_stays_where_the_formula_is_refused():
    scenario, (sentence,) = from_query({"surface": "bowl", "formula": "x**2 + y**2"})
    assert scenario == default_scenario("x**2 + y**2") and sentence == "surface = 'bowl' means nothing beside a formula"
    scenario, (sentence,) = from_query({"surface": "bowl", "formula": "x**2 + z"})
    assert scenario == default_scenario("bowl")
    assert sentence == "formula = 'x**2 + z' is refused at character 8: 'z' is not known"


def test_formula_without_a_finite_value_is_named():
    scenario, (sentence,) = from_query({"formula": "log(0 - x**2 - 1)"})
    assert scenario == default_scenario()
    assert sentence.endswith("is refused: it has no finite value for x from -3 to 3 and y from -3 to 3")


def test_formula_takes_the_settings_of_the_rest_of_the_address():
    query = {
        "formula": "x**2 + 3*y**2",
        "optimizer": "adam",
        "learning_rate": "0.5",
        "x": "1",
        "y": "-2",
        "steps": "30",
    }
    scenario, ignored = from_query(query)
    assert not ignored and to_query(scenario) == query
    trajectory = run(scenario)
    assert trajectory.losses[0] == 13 and trajectory.gradients[0].tolist() == [2, -12]


def test_name_finds_just_the_landscape_it_came_from():
    for name in ("rosenbrock", "x**2 + 3*y**2"):
        assert name_of(surface(name)) == name
    elsewhere = landscape_from_formula("x**2 + 3*y**2", domain=((-1, 1), (-1, 1)))
    assert name_of(elsewhere) is None

"""A formula of one's own on the pages, without a browser: typed, refused, linked, and asked for over HTTP."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from engine import descend
from landscapes import LANDSCAPES
from landscapes.formula import ALLOWED, FormulaError, read_formula
from tests.test_explore import address, checked, choose, opened, press, shown
from tests.test_stage import read
from ui.own_formula import EXAMPLE, refusal_html
from ui.panels import plain
from ui.stage.fan import fan_addresses, fan_route
from ui.stage.payload import pack_runs
from ui.stage.surface import surface_address, surface_route
from ui.stage.swarm import swarm_route
from ui.stage.track import explain_route, track_route
from ui.surfaces import surface

BOWL = "x**2 + 3*y**2"
COMPARE = str(Path(__file__).parent.parent / "ui" / "app_pages" / "compare.py")


def typed(page: AppTest, text: str, field: str = "formula") -> AppTest:
    return checked(page.text_input(key=field).set_value(text).run())


def refusals(page: AppTest) -> list[str]:
    return [body for element in page.get("html") if 'class="refused"' in (body := element.proto.body)]


def test_choosing_ones_own_formula_shows_the_example_and_what_is_allowed():
    page = opened()
    assert not page.text_input
    assert page.selectbox(key="surface").options[-1] == "Your own formula"
    choose(page, "surface", "formula")
    assert page.text_input(key="formula").value == EXAMPLE
    assert address(page)["formula"] == EXAMPLE
    assert plain(ALLOWED) in page.caption[0].value and not refusals(page)
    assert page.session_state["scenario"].start == surface(EXAMPLE).start


def test_typed_formula_is_explained_with_its_points():
    page = typed(opened({"formula": EXAMPLE}), "x**2 + y**4 - y**2")
    assert address(page) == {"formula": "x**2 + y**4 - y**2"}
    told = shown(page).replace("\\", "")
    assert "f(x, y) = x^{2} + y^{4} - y^{2}" in told
    assert "★ Minima, loss −0.25: (0, −0.707), (0, 0.707)" in told and "✕ Saddle: (0, 0)" in told
    assert "there may be others" in told


def test_known_points_of_a_surface_of_the_registry_are_listed_too():
    told = shown(opened({"surface": "himmelblau"})).replace("\\", "")
    assert "★ Minima, loss 0: (3, 2), " in told and "✕ Saddles: " in told


def test_refused_formula_keeps_the_picture_and_points_at_the_character():
    page = typed(opened({"formula": BOWL}), "x**2 + z*y")
    assert page.session_state["scenario"].landscape == BOWL and address(page) == {"formula": BOWL}
    assert page.text_input(key="formula").value == "x**2 + z*y"
    (told,) = refusals(page)
    assert "&#x27;z&#x27; is not known, at character 8:<pre>x**2 + z*y\n<b>       ^</b></pre>" in told
    typed(page, "x**2 + y*y")
    assert not refusals(page) and address(page) == {"formula": "x**2 + y*y"}


def test_refusal_is_gone_when_another_surface_is_shown():
    page = typed(opened({"formula": BOWL}), "x +")
    assert refusals(page)
    choose(page, "surface", "bowl")
    assert not page.text_input and not refusals(page)
    choose(page, "surface", "formula")
    assert page.text_input(key="formula").value == BOWL and not refusals(page)
    typed(page, "x +")
    page.query_params.clear()
    page.query_params["formula"] = "y**2 + x**2"
    checked(page.run())
    assert page.text_input(key="formula").value == "y**2 + x**2" and not refusals(page)


def test_formula_that_is_too_long_is_refused_and_not_cut():
    text = "+".join(["x"] * 200)
    page = typed(opened({"formula": BOWL}), text)
    assert page.text_input(key="formula").value == text
    (told,) = refusals(page)
    assert "399 characters are too many: 300 are allowed" in told
    assert page.session_state["scenario"].landscape == BOWL


def test_key_of_a_surface_is_no_formula():
    (told,) = refusals(typed(opened({"formula": BOWL}), "rosenbrock"))
    assert "&#x27;rosenbrock&#x27; is not known" in told


def test_formula_is_remembered_until_everything_is_reset():
    page = choose(opened({"formula": BOWL}), "surface", "bowl")
    choose(page, "surface", "formula")
    assert address(page) == {"formula": BOWL}
    choose(press(page, "reset"), "surface", "formula")
    assert address(page)["formula"] == EXAMPLE


def test_optimizer_and_its_settings_stay_when_the_formula_changes():
    page = opened({"formula": BOWL, "optimizer": "adam", "beta1": "0.5", "x": "0.25", "then": "20:0.5"})
    typed(page, "x**2 + 5*y**2")
    assert address(page) == {"formula": "x**2 + 5*y**2", "optimizer": "adam", "beta1": "0.5"}


def test_refused_formula_of_an_address_is_named_as_plain_text():
    page = opened({"formula": "<script>boom()</script>"})
    (notice,) = page.text
    assert "formula = '<script>boom()</script>' is refused at character 1" in notice.value
    assert "boom" not in shown(page) and address(page) == {"formula": "<script>boom()</script>"}


WEIRD = (
    "3", "x + y", "0*x", "1/x", "1/(x*x + y*y)", "log(x*x)", "log(x)", "sqrt(x) + y**2", "where(x < 0, x, 1/0*y)",
    "abs(x) + abs(y)", "max(x, y)", "x**2 - y**4", "-exp(x*x)", "exp(exp(exp(x)))", "1e9*x**12", "1e-9*x**2", "x**y",
    "sqrt(0.01 - (x - 0.1)**2 - (y - 0.1)**2)", "tan(x*y)", "sin(20*x)*sin(20*y)",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared_page():
    """A page on which one formula is typed after another."""
    return opened({"formula": BOWL})


def test_formula_without_a_finite_value_is_refused_and_the_last_one_stays():
    page = typed(opened({"formula": BOWL}), "1/0 + 0*x")
    assert "no finite value" in refusals(page)[0] and address(page) == {"formula": BOWL}


@pytest.mark.parametrize("text", WEIRD)
def test_weird_formula_is_drawn_and_nothing_raises(text, shared_page):
    page = typed(shared_page, text)
    assert not refusals(page)
    assert address(page) == {"formula": text}
    run = descend(surface(text), "momentum", steps=40)
    header, arrays = read(pack_runs([run], 0, [0], scale="linear"))
    assert np.isfinite(arrays["x0"]).all() and header["curve"]["low"] < header["curve"]["high"]
    get_ok(fan_route, fan_addresses(run, 40)["whole"])  # pyright: ignore[reportOptionalSubscript]
    get_ok(explain_route, f"explain?{urlencode({'run': urlencode({'formula': text, 'steps': '9'})})}")


def answer(route: Callable[[Request], Response], target: str, **path: str) -> Response:
    query = target.partition("?")[2]
    return route(Request({"type": "http", "query_string": query.encode(), "headers": [], "path_params": path}))


def get_ok(route: Callable[[Request], Response], target: str, **path: str) -> tuple[dict, dict[str, np.ndarray]]:
    got = answer(route, target, **path)
    assert got.status_code == 200, bytes(got.body)
    return read(bytes(got.body))


def test_routes_answer_for_a_formula():
    landscape = surface(BOWL)
    header, arrays = get_ok(surface_route, surface_address(landscape, {}), key="formula")
    assert header["minima"] == [[0, 0]] and header["title"] == BOWL
    corner = 2**2 + 3 * 2**2  # a logarithm is only taken where the map is steep
    assert arrays["heights"].max() == 1 and header["domain"] == [[-2, 2], [-2, 2]]
    assert float(header["height"]["ticks"][-1][1]) <= corner

    run = descend(landscape, "gradient_descent", steps=30)
    addresses = fan_addresses(run, 30)
    assert addresses is not None
    header, arrays = get_ok(fan_route, addresses["whole"])
    rates = arrays["rates"]
    # On 3 y² the step is multiplied by 1 - 6 η: beyond 1/3 it grows.
    diverges = [header["verdicts"][place]["name"] == "diverged" for place in arrays["verdict"]]
    assert not any(np.array(diverges)[rates < 0.33]) and all(np.array(diverges)[rates > 0.4])

    query = urlencode({"run": urlencode({"formula": BOWL, "optimizer": "gradient_descent", "steps": "30"})})
    header, _ = get_ok(track_route, f"track?{query}")
    assert "sharpness 6 at the start" in header["spoken"]
    header, _ = get_ok(explain_route, f"explain?{query}")
    assert header["length"] == 30
    header, _ = get_ok(swarm_route, f"swarm?{urlencode({'formula': BOWL, 'starts': 'many', 'budget': '20'})}")
    assert header["balls"] == [64] * 3


@pytest.mark.parametrize(
    "text", ["", "x +", "x" * 10_000, "__import__('os')", "9**9**9", "\x00", "log(0 - 1 - x*x)", "bowl"]
)
def test_routes_refuse_a_hostile_formula_in_a_sentence(text):
    query = urlencode({"formula": text})
    inner = urlencode({"run": query})
    for route, target in ((fan_route, query), (track_route, inner), (explain_route, inner), (swarm_route, query)):
        got = answer(route, f"?{target}")
        assert got.status_code == 400 and bytes(got.body).decode().endswith(".") and len(got.body) < 250
    got = answer(surface_route, f"?{query}", key="formula")
    assert got.status_code == 400 and got.headers["content-type"].startswith("text/plain")
    assert answer(surface_route, "?", key="formula").status_code == 400
    assert answer(surface_route, f"?{query}", key=BOWL).status_code == 404
    assert answer(surface_route, "?formula=x", key="bowl").status_code == 400


def test_another_rate_on_the_same_formula_compiles_nothing(compilations):
    for more in ({}, {"from": "3"}):
        answer(fan_route, f"?{urlencode({'formula': BOWL, 'rows': '40', **more})}")
    compilations.clear()
    for more in ({"x": "0.5"}, {"momentum": "0.5", "rows": "30"}, {"learning_rate": "0.25", "from": "7"}):
        assert answer(fan_route, f"?{urlencode({'formula': f' {BOWL}', **more})}").status_code == 200
    assert compilations == []


def test_compare_takes_a_formula_and_keeps_it_when_one_is_refused():
    page = checked(AppTest.from_file(COMPARE, default_timeout=120).run())
    checked(page.selectbox(key="compare.landscape").set_value("formula").run())
    assert address(page) == {"formula": EXAMPLE}
    typed(page, BOWL, "compare.formula")
    assert address(page) == {"formula": BOWL} and f"point of {BOWL} and" in shown(page).replace("\\", "")
    typed(page, "x**2 + 3*y*", "compare.formula")
    assert refusals(page) and page.session_state["comparison"].landscape == BOWL
    press(page, "compare.reset")
    assert address(page) == {} and page.selectbox(key="compare.landscape").value in LANDSCAPES


@pytest.mark.parametrize("text", ["x + z", "z + " + "x + " * 60 + "x", "x + " * 60 + "z", "'<b>' + x", ""])
def test_refusal_marks_the_character_itself(text):
    with pytest.raises(FormulaError) as refused:
        read_formula(text)
    told = refusal_html(refused.value)
    assert "<b>'" not in told
    if text:
        line, mark = told.split("<pre>")[1].split("</b>")[0].split("\n<b>")
        plain_line = line.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
        assert plain_line[mark.index("^")] in "z'" and len(plain_line) <= 27

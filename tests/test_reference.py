"""The Reference page: what it lists, what it finds out about a surface, its maps and its address."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from landscapes import CHAPTERS, LANDSCAPES
from optimizers import OPTIMIZERS
from tests.test_explore import address, checked, opened, shown
from tests.test_mirror import gone_to
from ui.palette import THEMES, ramp_hex
from ui.panels import plain
from ui.reference import (
    Reference,
    chapters,
    condition_numbers,
    found,
    from_query,
    is_convex,
    rule_facts,
    surface_facts,
    to_query,
)
from ui.scenario import default_scenario
from ui.small_map import LEVELS, WIDE, map_route, small_map
from ui.small_path import RECORDED, SURFACE, path_route, record, recorded, small_path, written

CONVEX = {
    "bowl", "ravine", "booth", "zakharov", "absolute", "quartic", "trough", "heavy_ball_trap", "line_fit",
    "quantile_line",
}  # fmt: skip
"""Convex by their definition: sums of squares of linear forms, norms, powers and maxima of these."""

NOT_CONVEX = {"rosenbrock", "saddle", "himmelblau", "rastrigin", "ackley", "product", "easom", "three_hump_camel"}
"""With more than one minimum, a saddle or a maximum on their maps; Rosenbrock has a negative curvature at (0, 1)."""

CONDITIONS = {
    "bowl": 1,  # 2, 2
    "ravine": 100,
    "booth": 9,  # 2, 18
    "matyas": 25,  # 0.04, 1
    "zakharov": 2.25,  # 2, 2 + 2 (1/4 + 1)
    "rosenbrock": (501 + np.sqrt(501**2 - 400)) ** 2 / 400,  # the roots of l^2 - 1002 l + 400, ratio by their product
    "himmelblau": None,
}
"""From the second derivatives on paper."""


def test_convex_surfaces_are_found_convex_and_others_not():
    assert {key for key in CONVEX | NOT_CONVEX if is_convex(LANDSCAPES[key])} == CONVEX


@pytest.mark.parametrize("key", CONDITIONS)
def test_condition_number_is_that_of_the_second_derivatives(key):
    found = condition_numbers(LANDSCAPES[key])
    if CONDITIONS[key] is not None:
        np.testing.assert_allclose(found, CONDITIONS[key], rtol=1e-9)
        return
    for (x, y), value in zip(LANDSCAPES[key].minima, found, strict=True):
        low, high = np.linalg.eigvalsh(
            [[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]]
        )  # of (x^2 + y - 11)^2 + (x + y^2 - 7)^2
        assert value == pytest.approx(high / low, rel=1e-5)  # its minima are published to six digits


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("absolute", "none: a crease, or no curvature at all"),
        ("quartic", "none: a crease, or no curvature at all"),
        ("ackley", "none: a crease, or no curvature at all"),  # a cone around its minimum
        ("product", "infinite: one direction is flat"),
        ("saddle", "no minimum is known"),
        ("himmelblau", "1.24 to 3.67"),
    ],
)
def test_where_there_is_no_one_condition_number_that_is_told(key, words):
    assert surface_facts(LANDSCAPES[key])["Condition number at the minimum"] == words


def test_facts_of_a_rule_are_those_of_its_entry():
    told = rule_facts(OPTIMIZERS["amsgrad"])
    assert told["Remembers"] == "m, v, v̄"
    assert told["A step costs"] == "one gradient"
    told = rule_facts(OPTIMIZERS["gradient_descent"])
    assert (told["Remembers"], told["Settles while the sharpness is below"]) == ("nothing", "2/η")
    assert rule_facts(OPTIMIZERS["newton"])["A step costs"] == "more than one gradient"


# ---- the address -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["surfaces", "optimizers"])
def test_what_is_asked_for_comes_back_from_the_address(kind):
    for chapter in ("", *chapters(kind)):
        asked = Reference(kind, chapter, "valley <b>&")
        assert from_query(to_query(asked)) == (asked, ())
    assert to_query(Reference()) == {}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"list": "people"}, "'people'"),
        ({"chapter": "nowhere"}, "'nowhere'"),
        ({"list": "optimizers", "chapter": "bowls"}, "'bowls'"),
        ({"find": "a" * 61}, "too long"),
        ({"sort": "1"}, "'sort'"),
        ({"find": ["a", "b"]}, "2 times"),
    ],
)
def test_part_of_the_address_that_means_nothing_is_named(query, named):
    reference, ignored = from_query(query)
    assert len(ignored) == 1 and named in ignored[0]
    assert reference in (Reference(), Reference("optimizers"))


def test_words_are_looked_for_in_all_chapters_and_all_have_to_be_there():
    keys = {entry.key for entry in found(Reference(find="ROSENBROCK 1960"))}
    assert "rosenbrock" in keys and "bowl" not in keys
    assert found(Reference(chapter="bowls", find="rosenbrock 1960")) == []
    everything = found(Reference(chapter="all"))
    assert [entry.key for entry in everything] == list(LANDSCAPES)


# ---- the page --------------------------------------------------------------------------------------------------------


def reference(**query: str) -> AppTest:
    return gone_to(opened(), "reference", **query)


def test_page_opens_on_the_first_chapter_with_equations_facts_maps_and_links():
    page = reference()
    text = shown(page)
    for entry in LANDSCAPES.values():
        here = entry.chapter == CHAPTERS[0]
        assert (f'href="./?surface={entry.key}"' in text) == here
        assert (f"map/{entry.key}.svg?theme=light" in text) == here
        assert not here or (plain(entry.teaches) in text and entry.tex.split(r",\quad ")[0] in text)
    assert "…" not in "".join(re.findall(r"<dd>(.*?)(?=<|$)", text))  # all that was to be found out has been


def test_controls_of_the_page_go_into_its_address():
    page = reference()
    checked(page.button_group[0].set_value("optimizers").run())
    assert address(page) == {"list": "optimizers"} and "./?optimizer=gradient_descent" in shown(page)
    checked(page.selectbox(key="reference.chapter").set_value("second-order").run())
    assert address(page) == {"list": "optimizers", "chapter": "second-order"}
    checked(page.text_input(key="reference.find").set_value("no-such-word").run())
    assert address(page) == {"list": "optimizers", "find": "no-such-word"}
    assert "Nothing in this list holds" in page.info[0].value


# ---- the maps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_map_has_its_colours_from_low_to_high_and_a_star_at_the_minimum(theme):
    tree = ElementTree.fromstring(small_map(LANDSCAPES["booth"], theme))
    shades, stars = tree
    fills = [path.get("fill") for path in shades]
    assert len(fills) == LEVELS and fills == [colour for colour in ramp_hex(theme) if colour in fills]
    (star,) = stars
    x, y = map(float, re.findall(r"translate\((\S+) (\S+)\)", star.get("transform") or "")[0])
    (left, right), (bottom, top) = LANDSCAPES["booth"].domain
    height = float(tree.get("height") or 0)
    assert (x, y) == pytest.approx(((1 - left) / (right - left) * WIDE, (top - 3) / (top - bottom) * height), abs=0.1)


def test_outlines_of_the_map_lie_where_the_losses_are():
    """The bowl's lines are circles: at height h of its map their radius is sqrt(h) of that of the map's corner."""
    tree = ElementTree.fromstring(small_map(LANDSCAPES["bowl"], "light"))
    shade = list(tree[0])[2]
    ring = re.findall(r"M[^M]*z", shade.get("d") or "")
    numbers = [np.array(re.findall(r"-?\d+", one), int).reshape(-1, 2).cumsum(axis=0) for one in ring]
    inner = min(numbers, key=np.ptp)
    corner = np.hypot(WIDE / 2, WIDE / 2)
    radii = np.hypot(*(inner - WIDE / 2).T)
    np.testing.assert_allclose(radii, corner * np.sqrt(2 / LEVELS), atol=2)


def answered(key: str, query: str = "", route=map_route):
    scope = {"type": "http", "path_params": {"key": key}, "query_string": query.encode(), "headers": []}
    return route(Request(scope))


def test_map_is_answered_for_a_key_and_a_theme_and_nothing_else():
    answer = answered("bowl", "theme=dark")
    assert answer.media_type == "image/svg+xml"
    assert bytes(answer.body).decode() == small_map(LANDSCAPES["bowl"], "dark")
    assert answered("nowhere").status_code == 404
    assert answered("bowl", "theme=<b>").status_code == 400


# ---- the paths -------------------------------------------------------------------------------------------------------


def test_paths_are_recorded_of_every_optimizer_as_explore_opens_it():
    assert list(recorded()) == list(OPTIMIZERS)
    for key, one in recorded().items():
        assert one.settings == default_scenario(SURFACE, key).settings, key
    assert written(recorded()) == RECORDED.read_text()


@pytest.mark.parametrize("key", ["momentum", "adam", "newton"])
def test_recorded_path_is_that_of_the_run(key):
    assert record(OPTIMIZERS[key]) == recorded()[key]  # else: python docs/small_paths.py


def test_recorded_path_of_gradient_descent_is_that_of_its_rule():
    """Rosenbrock's gradient by hand, on a map from (-2, -1) to (2, 3) that is 480 units wide and tall."""
    place, rate = np.array([-1.2, 1.0]), recorded()["gradient_descent"].settings["learning_rate"]
    drawn = [np.array([96.0, 240.0])]
    for _ in range(500):
        x, y = place
        place = place - rate * np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
        unit = np.array([(place[0] + 2) * 120, (3 - place[1]) * 120])
        if np.hypot(*(unit - drawn[-1])) >= 3:
            drawn.append(unit)
    assert recorded()["gradient_descent"].points == tuple(map(tuple, np.rint(drawn).astype(int).tolist()))


@pytest.mark.parametrize("theme", THEMES)
def test_picture_of_a_path_lies_on_the_map_of_its_surface(theme):
    text = small_path("adam", theme)
    assert text.startswith(small_map(LANDSCAPES[SURFACE], theme).removesuffix("</svg>"))
    *_, path, ball = ElementTree.fromstring(text)
    line = np.array(re.findall(r"\d+", path[0].get("d") or ""), int).reshape(-1, 2)
    assert line.tolist() == [list(point) for point in recorded()["adam"].points]
    assert (ball.get("cx"), ball.get("cy")) == tuple(map(str, line[-1]))
    assert bytes(answered("adam", f"theme={theme}", path_route).body).decode() == text
    assert answered("nowhere", route=path_route).status_code == 404

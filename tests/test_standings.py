"""The table of a comparison: its numbers, its order, what is marked as best, and that nothing in it is markup."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from engine import descend
from landscapes import LANDSCAPES
from ui.comparison import SORTS, Contender, default_comparison, default_contender
from ui.palette import SERIES, THEMES
from ui.race import race
from ui.standings import best, standings, table_html
from ui.starts import MANY, beginnings


def comparison_of(landscape="bowl", rates="own", **rates_by_key):
    contenders = tuple(
        Contender(key, {**default_contender(key).settings, "learning_rate": rate}) for key, rate in rates_by_key.items()
    )
    return replace(default_comparison(landscape), contenders=contenders, rates=rates, budget=100)


SWIFT_SLOW_LOST = comparison_of(gradient_descent=0.3, momentum=0.0001, nesterov=5.0)
"""On the bowl: one arrives, one hardly moves, one diverges."""


def places(comparison, sort):
    shown = replace(comparison, sort=sort)
    return [row.place for row in standings(race(shown), shown)]


def test_rows_hold_what_the_runs_came_to():
    swift, slow, lost = standings(race(SWIFT_SLOW_LOST), SWIFT_SLOW_LOST)
    # Each step multiplies the distance by 1 - 2 * 0.3 = 0.4, so the loss by 0.16; 0.16^4 < 1e-3 < 0.16^3.
    assert swift.numbers["steps"].median == swift.numbers["evaluations"].median == 4
    assert swift.numbers["path"].median == pytest.approx(math.hypot(5, 3))
    assert swift.verdict == "converged" and swift.rate == 0.3
    assert slow.numbers["steps"].median == math.inf
    away = math.hypot(*descend("bowl", "momentum", steps=100, learning_rate=0.0001).points[-1])
    assert slow.numbers["distance"].median == pytest.approx(away)
    assert lost.verdict == "diverged"


@pytest.mark.parametrize("sort", SORTS)
def test_every_column_sorts_and_who_has_no_value_comes_last(sort):
    expected = {"order": [0, 1, 2], "path": [1, 0, 2], "overshoots": [0, 1, 2]}
    found = places(SWIFT_SLOW_LOST, sort)
    assert sorted(found) == [0, 1, 2]
    if sort == "overshoots":
        counts = [row.numbers["overshoots"].median for row in standings(race(SWIFT_SLOW_LOST), SWIFT_SLOW_LOST)]
        assert [counts[place] for place in found] == sorted(counts)
    elif sort in expected:
        assert found == expected[sort]
    else:
        assert found[0] == 0
    if sort in ("loss", "distance"):
        assert found == [0, 1, 2]


def test_best_is_the_lowest_and_who_hardly_moves_wins_nothing():
    winners = best(standings(race(SWIFT_SLOW_LOST), SWIFT_SLOW_LOST))
    assert all(places == {0} for places in winners.values())


def test_equals_share_the_best():
    twins = comparison_of(gradient_descent=0.3)
    twins = replace(twins, contenders=twins.contenders * 2)
    assert all(places == {0, 1} for places in best(standings(race(twins), twins)).values())


def test_nobody_is_best_where_nobody_arrives():
    crawling = comparison_of(gradient_descent=1e-6, momentum=1e-6)
    winners = best(standings(race(crawling), crawling))
    assert winners["steps"] == winners["evaluations"] == winners["path"] == winners["overshoots"] == set()
    assert winners["loss"] == {1}


def test_many_starts_give_the_median_of_single_runs():
    many = replace(SWIFT_SLOW_LOST, starts="cloud", spread=0.1)
    row = standings(race(many), many)[1]
    ends = sorted(
        descend("bowl", "momentum", steps=100, start=tuple(start), learning_rate=0.0001).losses[-1]
        for start in beginnings("cloud", LANDSCAPES["bowl"], many.start, 0.1, 0).starts
    )
    shown = row.numbers["loss"]
    assert (shown.low, shown.median, shown.high) == pytest.approx((ends[15], ends[31], ends[47]))
    assert row.verdict == "" and row.told == f"0 of {MANY} arrive"
    assert standings(race(many), many)[0].told == f"{MANY} of {MANY} arrive"


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("starts", ["one", "cloud", "grid"])
def test_table_marks_the_best_in_words_and_signs_and_names_the_sorted_column(theme, starts):
    comparison = replace(SWIFT_SLOW_LOST, sort="loss", starts=starts)
    html = table_html(standings(race(comparison), comparison), comparison, theme)
    cells = Cells()
    cells.feed(html)
    assert cells.tags.count("tr") == 4 and cells.tags.count("button") == len(SORTS)
    assert re.findall(r'aria-sort="ascending"><button type="button" data-column="(\w+)"', html) == ["loss"]
    assert html.count("★<span") == html.count("> best</span>") == html.count("class=best") > 0
    assert SERIES[2].colours[theme] in html
    assert (
        "not reached" in cells.text
        and ("diverged" if starts == "one" else "64 end higher than they began") in cells.text
    )
    assert "nan" not in cells.text and "inf" not in cells.text


def test_names_are_text_and_never_markup():
    comparison = SWIFT_SLOW_LOST
    raced = replace(race(comparison), names=("<script>alert(1)</script>", "a & b", '"c"'))
    html = table_html(standings(raced, comparison), comparison, "light")
    assert "<script" not in html and "&lt;script&gt;" in html and "a &amp; b" in html


def test_surface_without_a_known_minimum_says_so():
    comparison = comparison_of("saddle", gradient_descent=0.01, momentum=0.01)
    html = table_html(standings(race(comparison), comparison), comparison, "light")
    assert "not reached" in html and "none known" in html
    assert np.isfinite([row.numbers["loss"].median for row in standings(race(comparison), comparison)]).all()

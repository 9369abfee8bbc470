"""A teacher's link: what it locks is told, what it hides is gone, and what it does not know is named."""

from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.test_explore import MAIN, checked, opened, shown
from ui import comparison, settled
from ui.restraint import FREE, LOCKABLE, PARTS, Restraint, read_restraint, restraint_aside, restraint_query
from ui.share import with_query

HOSTILE = ["", ",", ",,,", "nobody", "surface,<script>", "surface," * 500, "\x00", "SURFACE", " surface"]


def keys(page: AppTest) -> set[str]:
    widgets = (*page.selectbox, *page.number_input, *page.button, *page.expander)
    return {str(one.key) for one in widgets if getattr(one, "key", None)}


def test_restraint_comes_back_from_its_address():
    query = restraint_query(["rate", "surface", "texts"], ["numbers", "rate"])
    assert query == {"lock": "surface", "hide": "rate,numbers"}  # in the page's order; what is hidden is not locked
    found = read_restraint({name: [text] for name, text in query.items()})
    assert found == Restraint(frozenset({"surface"}), frozenset({"rate", "numbers"}))
    assert found.frees("optimizer") and not found.frees("surface") and not found.frees("rate")
    assert found.shows("surface") and not found.shows("numbers")
    assert restraint_query([], []) == {} and read_restraint({}) == FREE


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_restraint_keeps_what_it_knows_and_hands_on_the_rest(text):
    aside, rest = restraint_aside({"lock": [text, "start"], "hide": [text], "x": ["1"]})
    assert set(aside["lock"].split(",")) <= set(LOCKABLE) and "start" in aside["lock"]
    assert set(filter(None, aside.get("hide", "").split(","))) <= set(PARTS)
    assert rest.pop("x") == ["1"]
    unknown = [part for values in rest.values() for part in values[0].split(",")]
    assert not set(unknown) & set(PARTS) and all(part in text for part in unknown)


def test_locked_parts_are_told_and_hidden_ones_are_gone():
    page = opened(
        {"lock": "surface,settings,start", "hide": "numbers,texts,share", "surface": "bowl", "momentum": "0.5"}
    )
    assert "surface" not in keys(page) and "optimizer" in keys(page)
    said = shown(page)
    assert '<div class="locked"><p>Surface</p><dl><dt><dd>Bowl</dl></div>' in said
    assert "<dt>Momentum<dd>0.5" in said and "<dt>Steps<dd>500" in said
    assert "Verdict" not in said and "The sphere function" not in said
    assert not any("Share" in one.label for one in page.expander)
    assert not page.get("notice") and "reset" not in keys(page)


def test_restraint_stays_in_the_address_while_settings_change():
    page = opened({"lock": "surface", "curve": "sharpness"})
    checked(page.selectbox(key="optimizer").set_value("adam").run())
    assert dict(page.query_params) == {"lock": ["surface"], "curve": ["sharpness"], "optimizer": ["adam"]} or dict(
        page.query_params
    ) == {"lock": "surface", "curve": "sharpness", "optimizer": "adam"}


@pytest.mark.parametrize(("query", "moves"), [({}, True), ({"lock": "start"}, False), ({"hide": "start"}, False)])
def test_start_that_is_locked_is_not_moved_by_a_click(query, moves, monkeypatch):
    def show_stage(runs, *, on_start, on_rate, **_):
        st.button("Click", key="stage", on_click=on_start, args=((0.5, 0.25),))

    monkeypatch.setattr("ui.stage.show_stage", show_stage)
    page = opened(query)
    checked(page.button(key="stage").click().run())
    assert page.session_state["scenario"].start == ((0.5, 0.25) if moves else (-1.2, 1.0))


def test_unknown_part_is_named():
    page = opened({"lock": "surface,colour", "hide": "everything"})
    (notice,) = [text.value for text in page.text if "ignored" in text.value]
    assert "lock = 'colour' names nothing on this page; there are surface, optimizer" in notice
    assert "hide = 'everything' names nothing" in notice
    assert "surface" not in keys(page)  # what is known holds


def compared(**query: str) -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.query_params.update(query)
    return checked(page.switch_page("app_pages/compare.py").run())


def test_compare_is_restrained_as_well():
    page = compared(lock="optimizer,rate,surface", hide="texts,settings,twists")
    there = keys(page)
    assert not there & {"compare.landscape", "contender0", "compare.rates", "add", "compare.spread", "compare.reset"}
    assert "<dt>2<dd>Momentum (heavy ball)" in shown(page)
    assert "All start at the same point" not in shown(page) and "Budget" not in shown(page)


def test_what_is_locked_on_compare_is_told():
    page = compared(lock="rate,settings,start", rates="own", x="0.5", **{"a.learning_rate": "0.002", "c.beta1": "0.5"})
    there, said = keys(page), shown(page)
    assert "contender0" in there and not [key for key in there if "learning_rate" in key or ".settings" in key]
    assert not there & {"compare.more", "compare.rates", "compare.dial", "compare.budget"}
    assert "learning rate 0.002" in [caption.value for caption in page.caption]
    assert "<p>Start</p><dl><dt>x<dd>0.5<dt>y<dd>1</dl>" in said and "<dt>Start x" not in said
    assert "<dt>Budget<dd>300" in said and "<dt>Adam<dd>β₁ = 0.5, β₂ = 0.999" in said
    page = compared(lock="optimizer,settings,twists", rates="same", clip_norm="3", hide="start")
    assert not [key for key in keys(page) if key.startswith("contender")]
    said = shown(page)
    assert "Start" not in said and "<dt>1<dd>Gradient descent, learning rate 0.001" in said
    assert "<p>Added</p><dl><dt><dd>clip norm 3</dl>" in said


def test_settings_of_a_comparison_are_told_with_its_starts():
    drawn, _ = comparison.from_query({"surface": "ravine", "starts": "cloud", "spread": "0.2", "seed": "4"})
    told = settled.settings(drawn, read_restraint({"lock": ["settings"]}))
    assert told["Condition number"] == "100" and (told["Start x"], told["Start y"]) == ("1", "1")
    assert (told["Starts"], told["Spread"], told["Seed"]) == ("A cloud", "0.2", "4")
    assert told["Momentum (heavy ball)"] == "β = 0.9"
    assert "Start x" not in settled.settings(drawn, read_restraint({"hide": ["start"]}))


def test_start_that_is_locked_is_told_on_explore():
    assert "<p>Start</p><dl><dt>x<dd>0.5<dt>y<dd>1</dl>" in shown(opened({"lock": "start", "x": "0.5"}))
    page = opened({"lock": "settings", "hide": "start"})
    assert "<dt>Steps<dd>500" in shown(page) and "Start x" not in shown(page)


def test_link_for_a_class_adds_to_what_stands_there():
    assert with_query("http://a/", {}) == "http://a/"
    address = with_query("http://a/?x=1", {"lock": "surface,rate", "embed": "true"})
    assert parse_qs(urlsplit(address).query) == {"x": ["1"], "lock": ["surface,rate"], "embed": ["true"]}
    assert with_query("http://a/", {"lock": "rate"}) == "http://a/?lock=rate"

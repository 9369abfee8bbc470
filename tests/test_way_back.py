"""Undo, redo and what an earlier visit left, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_explore import address, checked, choose, dial_that_sends, opened, press, set_number, shown, unfolded
from tests.test_mirror import gone_to
from ui import mirror as mirrors
from ui.scenario import default_scenario


def can(page: AppTest, key: str) -> bool:
    return not page.button(key=key).disabled


def test_undo_and_redo_go_through_every_change_and_put_it_into_the_address():
    page = unfolded(opened({"optimizer": "adam"}))
    assert not can(page, "undo") and not can(page, "redo")
    choose(page, "surface", "bowl")
    set_number(page, "x", 2.5)
    set_number(page, "adam.beta1", 0.5)
    for beside in ({"x": "2.5"}, {}):
        press(page, "undo")
        assert address(page) == {"optimizer": "adam", "surface": "bowl"} | beside
    press(page, "undo")
    assert address(page) == {"optimizer": "adam"} and not can(page, "undo")
    for _ in range(3):
        press(page, "redo")
    assert address(page) == {"optimizer": "adam", "surface": "bowl", "x": "2.5", "beta1": "0.5"}
    assert not can(page, "redo") and page.number_input(key="adam.beta1").value == 0.5


def test_change_after_undo_leaves_nothing_to_redo():
    page = press(choose(opened(), "surface", "bowl"), "undo")
    assert can(page, "redo")
    choose(page, "surface", "matyas")
    assert not can(page, "redo")
    assert address(press(page, "undo")) == {}


def test_rerun_that_changes_nothing_is_nothing_to_undo():
    page = unfolded(opened())
    choose(page, "surface", "bowl")
    page.session_state["twists"] = True
    checked(page.run())
    assert address(press(page, "undo")) == {} and not can(page, "undo")


def test_move_of_the_dial_is_undone(monkeypatch):
    dial_that_sends(monkeypatch, 0.002, None)
    page = press(opened({"surface": "bowl"}), "stage")
    assert address(page) == {"surface": "bowl", "learning_rate": "0.002"}
    assert address(press(page, "undo")) == {"surface": "bowl"}


def test_reset_can_be_taken_back():
    page = press(opened({"surface": "bowl", "x": "2.5"}), "reset")
    assert address(page) == {}
    assert address(press(page, "undo")) == {"surface": "bowl", "x": "2.5"}


def test_no_more_than_so_many_changes_are_kept(monkeypatch):
    monkeypatch.setattr(mirrors, "MOST_KEPT", 3)
    page = unfolded(opened())
    for steps in range(10, 16):
        set_number(page, "steps", steps)
    for _ in range(3):
        press(page, "undo")
    assert address(page) == {"steps": "12"} and not can(page, "undo")


def test_look_of_the_stage_stays_while_settings_are_undone():
    page = press(choose(opened({"explain": "step"}), "surface", "bowl"), "undo")
    assert address(page) == {"explain": "step"}


def test_compare_has_its_own_past():
    page = gone_to(choose(opened(), "surface", "bowl"), "compare")
    assert not can(page, "compare.undo")
    choose(page, "compare.landscape", "himmelblau")
    press(page, "compare.undo")
    assert address(page) == {} and can(page, "compare.redo")
    gone_to(page, "explore")
    assert page.session_state["scenario"].landscape == "bowl" and can(page, "undo")


def left_last_time(page: AppTest) -> bool:
    return "As you left it last time." in {caption.value for caption in page.caption}


def kept_by_the_browser(monkeypatch: pytest.MonkeyPatch, query: object) -> None:
    """Put a button in the place of what the browser keeps, which gives back this query."""

    def last(*, key, data, on_query_change):
        def give() -> None:
            del mirrors.st.session_state[key]  # the button's
            mirrors.st.session_state[key] = {"query": query}
            on_query_change()
            del mirrors.st.session_state[key]

        if data["fresh"]:
            mirrors.st.button("Give back", key=key, on_click=give)

    monkeypatch.setattr(mirrors, "_last", last)


def test_bare_address_opens_on_what_the_browser_kept_until_the_first_change(monkeypatch):
    kept_by_the_browser(monkeypatch, "surface=bowl&x=2.5&optimizer=adam")
    page = press(opened(), "scenario.last")
    assert address(page) == {"surface": "bowl", "x": "2.5", "optimizer": "adam"}
    assert left_last_time(page)
    choose(page, "optimizer", "momentum")
    assert not left_last_time(page)


def test_one_can_start_afresh(monkeypatch):
    kept_by_the_browser(monkeypatch, "surface=bowl")
    page = press(press(opened(), "scenario.last"), "reset")
    assert page.session_state["scenario"] == default_scenario() and address(page) == {}
    assert not left_last_time(page)


@pytest.mark.parametrize("query", ["surface=nowhere&<b>=1&x=nan", "", "&" * 9000, "a" * 9000, 7, None])
def test_nonsense_that_the_browser_kept_changes_nothing(monkeypatch, query):
    kept_by_the_browser(monkeypatch, query)
    page = press(opened(), "scenario.last")
    assert page.session_state["scenario"] == default_scenario() and address(page) == {}
    assert not left_last_time(page) and "ignored" not in shown(page)


def test_link_with_settings_is_never_asked_for_an_earlier_visit(monkeypatch):
    kept_by_the_browser(monkeypatch, "surface=bowl")
    for query in ({"surface": "matyas"}, {"explain": "step"}, {"nonsense": "1"}):
        assert "scenario.last" not in {button.key for button in opened(query).button}
    page = choose(opened(), "surface", "booth")
    assert "scenario.last" not in {button.key for button in page.button}
    gone_to(gone_to(page, "compare"), "explore")
    assert "scenario.last" not in {button.key for button in page.button}
    assert page.session_state["scenario"].landscape == "booth"

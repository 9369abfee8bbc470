"""The demonstration in a real browser: the stage alone over the window, driven by keys, in the address."""

import re
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import turn_to
from tests.browser.test_dial import MOVED, RAVINE, Dial

SHOWN = f"{RAVINE}&view=demonstration"


@pytest.fixture(scope="module")
def opened(shared_page: Page, address: str) -> Dial:
    """The page of all tests, as it opens with the address of a demonstration."""
    return Dial(shared_page, address, SHOWN)


@pytest.fixture
def dial(opened: Dial) -> Dial:
    """The demonstration, however the last test has left it."""
    opened.turn_to(SHOWN)
    return opened


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_demonstration_fills_a_projector_with_everything_in_sight(
    opened: Dial, size: tuple[int, int], scheme: Literal["light", "dark"]
):
    page, (width, height) = opened.page, size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    expect(page.locator(".stage")).to_have_class(
        re.compile(r"\bdark\b") if scheme == "dark" else re.compile("^(?!.*dark)")
    )
    page.wait_for_function(
        "([stage, height]) => stage.getBoundingClientRect().height === height",
        arg=[page.locator(".stage").element_handle(), height],
    )
    assert page.locator(".stage").bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
    shown = "[data-view=surface], [data-view=plane], [data-view=curve], .dial .track, .dial .presets, .bar, .headline"
    for part in page.locator(f".stage :is({shown})").all():
        box = part.bounding_box()
        assert box and min(box["width"], box["height"]) > 20
        assert box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= width + 0.5 and box["y"] + box["height"] <= height + 0.5
    size_of = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert page.locator(".headline").evaluate(size_of) >= height / 36  # readable from the last row


def test_headline_names_the_verdict_and_its_reason(dial: Dial):
    headline = dial.page.locator(".headline")
    expect(headline).to_contain_text("η = 0.015")
    expect(headline).to_contain_text("⇄ overshooting")
    dial.page.keyboard.press("5")
    expect(headline).to_contain_text("▲ diverged")
    expect(headline).to_contain_text(re.compile(r"η·λ = 2\.\d+ > 2"))
    dial.page.wait_for_url(MOVED)


def test_rest_of_the_page_cannot_be_reached_behind_it(dial: Dial):
    expect(dial.page.get_by_role("combobox", name=re.compile("Surface"))).to_be_hidden()
    dial.track.focus()
    for _ in range(30):
        dial.page.keyboard.press("Tab")
        focused = "(e => e === document.body || e.shadowRoot ? '' : e.outerHTML)(document.activeElement)"
        assert dial.page.evaluate(focused) == ""


def test_keys_and_buttons_enter_and_leave_and_the_address_follows(opened: Dial):
    dial = opened
    dial.turn_to(RAVINE)
    expect(dial.page.locator(".headline")).to_be_hidden()
    stage = dial.page.locator(".stage")
    dial.page.get_by_role("button", name="Demonstration").click()
    dial.page.wait_for_url(re.compile("view=demonstration"))
    expect(dial.page.locator(".headline")).to_be_visible()
    dial.page.keyboard.press("4")
    dial.page.wait_for_url(re.compile(r"learning_rate=0\.02(&|$)"))
    assert parse_qs(urlsplit(dial.page.url).query)["view"] == ["demonstration"]  # a new rate does not leave it
    dial.page.keyboard.press("Escape")
    dial.page.wait_for_function("!new URL(location).searchParams.has('view')")
    expect(dial.page.locator(".headline")).to_be_hidden()
    expect(dial.page.get_by_role("combobox", name=re.compile("Surface"))).to_be_visible()
    box = stage.bounding_box()
    assert box is not None and box["x"] > 0
    expect(dial.field).to_have_value("0.02")


def test_f_is_full_screen_and_the_arrows_turn_the_dial(opened: Dial):
    dial = opened
    dial.turn_to(RAVINE)
    dial.page.evaluate("document.activeElement.blur()")
    dial.page.keyboard.press("f")
    dial.page.wait_for_function("Boolean(document.fullscreenElement)")
    dial.page.wait_for_url(re.compile("view=demonstration"))
    expect(dial.track).to_be_focused()
    before = dial.track.get_attribute("aria-valuenow")
    dial.page.keyboard.press("ArrowRight")
    expect(dial.track).not_to_have_attribute("aria-valuenow", before or "")
    dial.page.keyboard.press(" ")
    dial.page.keyboard.press("f")
    dial.page.wait_for_function("!document.fullscreenElement")
    dial.page.wait_for_url(MOVED)
    expect(dial.page.locator(".headline")).to_be_visible()


def test_unknown_view_is_named_and_ignored(opened: Dial):
    page = opened.page
    turn_to(page, "?view=<b>mirror</b>")
    expect(page.locator(".st-key-notice")).to_contain_text("'view' is not a setting")
    expect(page.locator(".headline")).to_be_hidden()

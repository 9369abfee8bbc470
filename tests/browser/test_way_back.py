"""Ctrl+Z, the list of the keys, and what a browser keeps for the next visit, in a real one."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT, WIDE, Console


@pytest.fixture
def browser_that_keeps(browser: Browser) -> Iterator:
    """Opens pages in one browser that keeps what they leave, unlike those of the other tests."""
    console = Console()
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")

    def open_page() -> Page:
        return console.listen(context.new_page())

    yield open_page
    context.close()
    assert console.said == []


def drawn(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".stage")).to_have_attribute("data-runs", re.compile(r"\d+"))


def asks_for(page: Page, query: str) -> None:
    page.wait_for_function("query => location.search.replace('?', '') === query", arg=query, timeout=TIMEOUT)


def test_changes_are_undone_by_keys_and_the_next_visit_opens_on_what_was_left(browser_that_keeps, address):
    page = browser_that_keeps()
    drawn(page, address)
    dial = page.get_by_role("slider", name="Learning rate, dial")
    dial.press("PageUp")
    asks_for(page, "learning_rate=0.003")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()  # it comes a little after the address
    dial.press("Control+z")
    asks_for(page, "")
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    page.locator("body").press("Control+Shift+Z")
    asks_for(page, "learning_rate=0.003")

    rate = page.get_by_role("textbox", name="Learning rate")
    rate.press("Control+z")  # in a text field it is the field's own
    rate.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_hidden()
    dial.focus()
    dial.press("?")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("play or pause")
    keys.press("Home")  # would move the dial
    keys.press("Control+z")
    keys.press("Escape")
    expect(keys).to_be_hidden()
    expect(dial).to_be_focused()
    asks_for(page, "learning_rate=0.003")

    again = browser_that_keeps()
    drawn(again, address)
    asks_for(again, "learning_rate=0.003")
    expect(again.get_by_text("As you left it last time.")).to_be_visible()
    again.get_by_role("button", name="Start afresh").click()
    asks_for(again, "")
    expect(again.get_by_text("As you left it last time.")).to_be_hidden()
    again.wait_for_function("localStorage.getItem('downhill.scenario') === null")
    drawn(again, f"{address}/?surface=bowl")
    again.wait_for_function("localStorage.getItem('downhill.scenario') === 'surface=bowl'")
    asks_for(again, "surface=bowl")

"""What is switched on in the stage, in a real browser: it stands in the address and comes back from it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


def asks_for(page: Page, name: str, value: str | None) -> None:
    """Await an address that says this of a name; None: nothing."""
    page.wait_for_function("([name, value]) => new URL(location).searchParams.get(name) === value", arg=[name, value])


@pytest.mark.parametrize("path", ["/", "/compare"])
def test_curve_and_explanation_stand_in_the_address_and_come_back(
    open_page: Callable[..., Page], address: str, path: str
):
    page = open_page()
    page.goto(f"{address}{path}")
    stage = page.locator(".stage")
    expect(stage).to_have_attribute("data-runs", re.compile(r"\d+"))
    page.get_by_role("radio", name="sharpness").check()
    asks_for(page, "curve", "sharpness")
    page.get_by_role("button", name="Explain the step").click()
    asks_for(page, "explain", "step")
    expect(page.locator(".explained")).to_have_attribute("data-row", re.compile(r"\d+"))

    other = open_page()
    other.goto(page.url)
    expect(other.get_by_role("radio", name="sharpness")).to_be_checked()
    expect(other.get_by_role("button", name="Explain the step")).to_have_attribute("aria-pressed", "true")
    expect(other.locator(".explained")).to_have_attribute("data-row", re.compile(r"\d+"))
    expect(other.locator(".stage .about")).to_contain_text("largest eigenvalue")

    other.get_by_role("radio", name="loss").check()
    asks_for(other, "curve", None)
    other.get_by_role("button", name="Explain the step").click()
    asks_for(other, "explain", None)
    expect(other.locator(".explained")).to_be_hidden()

"""The Networks page in a real browser: it trains, shows the surface with the ball, can be cancelled, and goes on."""

import re

from playwright.sync_api import expect

FIRST = 150_000  # milliseconds
SMALL = "?task=moons&layers=1&width=3&steps=20"
LONG = {"Layers": "2", "Width": "200", "Steps": "2000"}


def test_page_trains_shows_the_path_on_its_plane_and_survives_a_cancelled_training(open_page, address):
    page = open_page()
    page.goto(f"{address}/networks{SMALL}")
    stage = page.locator(".stage")
    expect(stage).to_have_attribute("data-runs", re.compile(r"\d+"), timeout=FIRST)
    expect(stage).to_have_attribute("data-surface", "drawn")
    expect(stage).to_have_attribute("data-step", "20")  # at rest on the end of the run
    for view in ("surface", "plane", "curve"):
        expect(stage.locator(f"[data-view={view}] canvas").first).to_be_visible()
    expect(stage.locator("[data-view=plane] svg").first).to_be_visible()  # the ball
    expect(page.get_by_text("of the variance of the path")).to_be_visible()

    # A click on the plane sets no start: it would mean nothing here.
    before = stage.get_attribute("data-runs")
    assert "sets the start" not in (stage.locator("[data-view=plane]").get_attribute("aria-label") or "")
    stage.locator("[data-view=plane]").click()

    page.get_by_text("More settings").click()
    for name, value in LONG.items():
        field = page.get_by_role("spinbutton", name=name)
        field.fill(value)
        field.press("Enter")
        page.wait_for_url(re.compile(f"{name.lower()}={value}|(?!.*{name.lower()}=)"))
    expect(page.get_by_text("The settings have changed since: press Train.")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Train begins again.")).to_be_visible()
    expect(stage).to_have_attribute("data-step", "20")  # what was there before is still there

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Cancelled.")).to_be_hidden()
    assert int(stage.get_attribute("data-runs") or 0) >= int(before or 0)

    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_role("radio", name="sharpness").dispatch_event("click")  # a mouse may miss what still moves
    expect(stage.locator(".about").first).to_contain_text("Lanczos")
    page.wait_for_url(re.compile("curve=sharpness"))

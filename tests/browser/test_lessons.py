"""A lesson in a real browser: still before the answer, moving after it, and all in sight on a projector and a phone."""

import re

from playwright.sync_api import Page, expect

PROJECTOR, PHONE = {"width": 1920, "height": 1080}, {"width": 390, "height": 844}

HIDDEN = """() => {
  const page = document.querySelector(".stMain");
  return [page.scrollWidth - page.clientWidth, page.scrollHeight - page.clientHeight];
}"""
"""How many pixels of the page lie beyond its right and its lower edge."""


def ball(page: Page) -> str:
    """Where the plane's ball is drawn."""
    return page.locator(".stage [data-view=plane] .ball").first.evaluate("ball => ball.style.transform")


def test_lesson_is_still_until_it_is_answered_and_fits_projector_and_phone(open_page, address):
    """On the lesson with the tallest stage, which has the picture of the examples; by keyboard alone."""
    page = open_page(viewport=PROJECTOR, reduced_motion="no-preference")
    page.goto(f"{address}/lessons?lesson=line")
    stage, right = page.locator(".stage"), page.get_by_role("button", name="The slope")
    expect(stage).to_have_attribute("data-state", "ended")  # there is no step to be made
    expect(right).to_be_visible()
    assert page.evaluate(HIDDEN) == [0, 0]
    start = ball(page)

    right.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Just so.")).to_be_visible()
    expect(stage).not_to_have_attribute("data-step", re.compile(r"^\d?$"))  # ten steps have been seen
    assert ball(page) != start
    assert "answer=a" in page.url and "done=line" in page.url
    page.emulate_media(reduced_motion="reduce")  # the clock stops
    assert page.evaluate(HIDDEN) == [0, 0]

    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Lesson 3 of 18, 1 done").click()
    expect(page.get_by_role("button", name="Learning a line (done)")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.evaluate(HIDDEN)[0] == 0

    page.get_by_role("link", name="Open it in Explore").click()
    page.wait_for_url(re.compile(r"surface=line_fit.*batch_size=1"))
    expect(page.locator(".stage .summary")).to_contain_text("batch size 1")

"""The stage in a frame of somebody's page: nothing but the stage, with no room lost above it, and it plays."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PARTS = {"": "surface=himmelblau", "networks": "task=moons&layers=1&width=3&steps=20"}


@pytest.mark.parametrize("part", PARTS)
def test_stage_stands_alone_in_a_frame(open_page: Callable[..., Page], address: str, part: str):
    page = open_page()
    frame = f'<iframe src="/{part}?{PARTS[part]}&embed=true" width="100%" height="760" title="A stage"></iframe>'
    page.route("**/course.html", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page.goto(f"{address}/course.html")
    inside = page.frame_locator("iframe")
    expect(inside.locator(".stage")).to_have_attribute("data-state", "ended")
    expect(inside.get_by_role("link")).to_have_text(["Skip to main content", "Open in Downhill"])  # no navigation
    expect(inside.get_by_role("button", name=re.compile("About|Train|Undo"))).to_have_count(0)
    top = inside.locator(".stage").evaluate("(stage) => stage.getBoundingClientRect().top")
    assert 0 < top < 30
    inside.get_by_role("button", name="Play").click()
    expect(inside.locator(".stage")).to_have_attribute("data-state", "playing")

"""A run below float64 in a real browser: its twin goes along beside it, and is not there while the dial is dragged."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_dial import Dial

QUERY = "?surface=himmelblau&optimizer=adam&precision=bfloat16&steps=80"


def test_twin_is_drawn_beside_its_run_but_not_beside_those_of_the_dial(open_page: Callable[..., Page], address: str):
    dial = Dial(open_page(reduced_motion="reduce"), address, QUERY)
    named, balls = dial.page.locator(".runs .name"), dial.page.locator("[data-view=plane] svg.ball")
    ring = dial.page.locator("[data-view=curve] .unseen")
    expect(named).to_have_text(["Adam in bfloat16", "float64 twin"])
    expect(balls).to_have_count(2)
    expect(ring).to_have_count(1)
    dial.pause_at(40)
    places = [ball.bounding_box() for ball in balls.all()]
    assert None not in places and places[0] != places[1]  # in two digits Adam's steps are other ones

    dial.take_hold(0.5)
    dial.move(0.53)
    for twin in (balls, named):
        expect(twin).to_have_count(1)  # a run of the fan has none
    expect(ring).to_have_count(0)
    dial.page.mouse.up()
    expect(named).to_have_count(2)
    assert dial.query["precision"] == ["bfloat16"] and "learning_rate" in dial.query

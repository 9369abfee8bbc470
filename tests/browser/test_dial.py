"""The dial in a real browser: a drag reshapes the path with the network silent, and the rest of what it promises."""

import io
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine import descend
from tests.browser.conftest import turn_to
from tests.browser.test_explore import PHONE
from tests.browser.test_stage import changed
from ui.stage.payload import summary
from ui.verdicts import LOOKS

RAVINE = "?surface=ravine&optimizer=gradient_descent&learning_rate=0.015"  # its steepest curvature is 100

MOVED = re.compile(r"learning_rate=(?!0\.015(&|$))")


class Dial:
    """A page with a dial whose fan has come, and what goes over the network."""

    def __init__(self, page: Page, address: str, query: str = RAVINE) -> None:
        """Open the app and wait until the track is painted."""
        self.page = page
        self.sent: list[int] = []
        self.requests: list[str] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda data: self.sent.append(len(data))))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(f"{address}/{query}")
        self.stage = page.locator(".stage")
        self.track = page.get_by_role("slider", name="Learning rate, dial")
        self.field = page.get_by_role("textbox", name="Learning rate")
        self.painted()

    def turn_to(self, query: str) -> None:
        turn_to(self.page, query)
        self.painted()

    def painted(self) -> None:
        expect(self.page.locator(".dial .verdicts li").first).to_be_visible()
        expect(self.stage).to_have_attribute("data-runs", re.compile(r"\d+"))

    def pause_at(self, step: int) -> None:
        self.page.get_by_role("slider", name="Step", exact=True).fill(str(step))
        expect(self.stage).to_have_attribute("data-step", str(step))

    def take_hold(self, share: float) -> None:
        self.track.scroll_into_view_if_needed()
        self.move(share, steps=1)
        self.page.mouse.down()

    def move(self, share: float, steps: int = 5) -> None:
        box = self.track.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.6 * box["height"], steps=steps)

    def say(self, verdict: str) -> None:
        expect(self.track).to_have_attribute("aria-valuetext", re.compile(rf", {LOOKS[verdict].word}$"))

    def plane(self) -> np.ndarray:
        picture = self.page.locator("[data-view=plane]").screenshot()
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)


@pytest.fixture(scope="module")
def standing(shared_page: Page, address: str) -> Dial:
    """The page of all tests that need none of their own."""
    return Dial(shared_page, address)


@pytest.fixture
def dial(standing: Dial) -> Dial:
    """The dial on the ravine, as it opens, at the end of the run."""
    standing.turn_to(RAVINE)
    standing.page.get_by_role("button", name="To the end").click()
    return standing


def test_dragging_reshapes_the_path_while_the_network_is_silent(dial: Dial):
    dial.pause_at(500)
    dial.take_hold(0.53)
    dial.say("overshooting")
    before = dial.plane()
    dial.page.wait_for_timeout(300)  # what the pause has to tell Python, if anything, has gone by then
    dial.sent.clear()
    dial.requests.clear()
    dial.move(0.1, steps=20)
    dial.say("crawling")
    expect(dial.stage).to_have_class(re.compile(r"\blive\b"))
    expect(dial.stage).to_have_attribute("data-step", "500")  # at the end it stays at the end
    assert changed(before, dial.plane()).sum() > 300
    dial.move(0.9, steps=20)
    dial.say("diverged")
    expect(dial.stage.locator(".count")).to_contain_text(re.compile(r"step \d\d? of|step \d\d\d of"))
    assert dial.sent == []
    assert dial.requests == []
    dial.page.mouse.up()
    dial.page.wait_for_url(MOVED)
    rate = float(dial.query["learning_rate"][0])
    expect(dial.field).to_have_value(re.compile(f"^{re.escape(f'{rate:g}')}$"))
    assert rate > 0.02
    expect(dial.stage).not_to_have_class(re.compile(r"\blive\b"))
    assert len(dial.sent) == 1


def test_shown_run_is_the_one_at_the_nearest_rate(dial: Dial):
    dial.pause_at(500)
    dial.track.press("Home")
    dial.say("crawling")
    for _ in range(40):
        dial.track.press("ArrowRight")
    expect(dial.track).to_have_attribute("aria-valuenow", "0.001")
    ball = dial.page.locator("[data-view=plane] svg.ball").bounding_box()
    run = descend("ravine", "gradient_descent", learning_rate=0.001)
    plane = dial.page.locator("[data-view=plane]")
    x0, x1, y0, y1 = (float(part) for part in (plane.get_attribute("data-window") or "").split())
    left, top, width, height = (float(part) for part in (plane.get_attribute("data-plot") or "").split())
    box = plane.bounding_box()
    assert box is not None and ball is not None
    x, y = run.points[500]
    assert ball["x"] + ball["width"] / 2 == pytest.approx(box["x"] + left + (x - x0) / (x1 - x0) * width, abs=0.5)
    assert ball["y"] + ball["height"] / 2 == pytest.approx(box["y"] + top + (y1 - y) / (y1 - y0) * height, abs=0.5)
    dial.page.wait_for_function("!location.search.includes('=0.015')")


def test_keys_turn_the_dial_and_send_once_they_rest(dial: Dial):
    dial.track.focus()
    shown, steps = "0.015", []
    for key in ("ArrowRight", "PageUp", "PageDown", "Shift+ArrowRight", "Home", "End"):
        dial.page.keyboard.press(key)
        expect(dial.track).not_to_have_attribute("aria-valuenow", shown)
        shown = dial.track.get_attribute("aria-valuenow") or ""
        steps.append(float(shown))
    notch = (10 / 1e-5) ** (1 / 120)
    assert 0.015 < steps[0] <= 0.015 * notch * 1.01
    assert steps[1] == pytest.approx(2 * steps[0], rel=5e-3)  # three digits are shown and sent
    assert steps[2] == pytest.approx(steps[0], rel=1e-2)
    assert steps[3] == pytest.approx(1.01 * steps[2], rel=5e-3)
    assert steps[4:] == [1e-5, 10]
    dial.page.wait_for_url(re.compile(r"learning_rate=10(&|$)"))


@pytest.mark.parametrize("text", ["3e-3", "0.0123456789012345", "40", "0", "0.015"])
def test_number_field_takes_any_number_that_is_allowed(standing: Dial, text: str):
    standing.field.fill(text)
    standing.field.press("Enter")
    standing.page.wait_for_function(
        "text => Number(new URL(location).searchParams.get('learning_rate')) === Number(text)", arg=text
    )
    assert float(standing.field.input_value()) == float(text)


@pytest.mark.parametrize("text", ["fast", "-1", "1e9", "nan", "1e999", "", "0x10", "<b>1</b>"])
def test_number_field_says_what_is_allowed_and_loses_nothing(dial: Dial, text: str):
    before = dial.page.url
    dial.field.fill(text)
    dial.field.press("Enter")
    alert = dial.page.locator(".dial [role=alert]")
    expect(alert).to_contain_text(f"“{text}” is no learning rate: a number from 0 to 1 × 10⁶")
    assert dial.field.input_value() == text
    assert dial.field.get_attribute("aria-invalid") == "true"
    assert dial.page.url == before
    dial.field.press("Escape")
    expect(dial.field).to_have_value("0.015")
    expect(alert).to_be_empty()


def test_from_here_on_leaves_the_past_path_as_it_was(standing: Dial):
    dial = standing
    dial.turn_to("?surface=himmelblau&optimizer=momentum&learning_rate=0.01")
    dial.pause_at(12)
    dial.page.get_by_role("radio", name="from here on").click()
    run = descend("himmelblau", "momentum", learning_rate=0.01)
    expect(dial.page.locator(".dial .note")).to_contain_text("488 steps")  # the fan from there on has come
    ball = dial.page.locator("[data-view=plane] svg.ball")
    before = ball.bounding_box()
    dial.take_hold(0.3)
    dial.move(0.2, steps=10)
    expect(dial.stage).to_have_class(re.compile(r"\blive\b"))
    expect(dial.stage).to_have_attribute("data-step", "12")
    assert ball.bounding_box() == before
    dial.page.mouse.up()
    dial.page.wait_for_url(re.compile("then="))
    expect(dial.stage).not_to_have_class(re.compile(r"\blive\b"))
    assert ball.bounding_box() == before
    step, _, rate = dial.query["then"][0].partition(":")
    assert (step, dial.query["learning_rate"]) == ("12", ["0.01"])
    changed_run = descend("himmelblau", "momentum", learning_rate=0.01, rate_changes={12: float(rate)})
    assert (changed_run.points[:13] == run.points[:13]).all()
    expect(dial.stage.locator(".summary")).to_have_text(summary(changed_run))
    dial.pause_at(5)
    expect(dial.field).to_have_value("0.01")  # before the change the dial shows what held there
    dial.pause_at(200)
    expect(dial.field).to_have_value(re.compile(f"^{re.escape(f'{float(rate):g}')}$"))
    dial.page.get_by_role("radio", name="whole run").click()


def test_from_here_on_at_the_end_says_that_nothing_lies_ahead(dial: Dial):
    dial.page.get_by_role("radio", name="from here on").click()
    dial.pause_at(500)
    note = dial.page.locator(".dial .note")
    expect(note).to_contain_text("at the end of the run")
    dial.track.press("ArrowRight")
    expect(dial.track).to_have_attribute("aria-valuetext", re.compile(r"^0\.015, "))  # it comes back
    assert "then" not in dial.query
    dial.pause_at(499)
    expect(note).not_to_contain_text("at the end of the run")
    dial.page.get_by_role("radio", name="whole run").click()


def test_presets_are_one_key_or_click_each(dial: Dial):
    dial.page.locator("[data-view=surface]").focus()
    dial.page.keyboard.press("5")
    dial.say("diverged")
    dial.page.wait_for_url(MOVED)
    assert float(dial.query["learning_rate"][0]) > 0.02
    dial.page.get_by_role("button", name="just right").click()
    expect(dial.field).to_have_value(re.compile(r"^0\.00\d+$|^0\.01$"))
    expect(dial.page.get_by_role("button", name="just right")).to_have_attribute("aria-pressed", "true")
    dial.page.keyboard.press("4")
    expect(dial.field).to_have_value("0.02")  # 2/λ, the closed form
    dial.page.wait_for_url(re.compile(r"learning_rate=0?\.02(&|$)"))


def test_missing_preset_is_disabled_and_says_why(standing: Dial):
    dial = standing
    dial.turn_to("?surface=bowl&optimizer=rprop")
    button = dial.page.locator("[data-preset=diverging]")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", "There is none: no rate of the dial diverges here")
    url = dial.page.url
    button.click(force=True)
    assert dial.page.url == url


def test_verdicts_are_told_by_more_than_colour(dial: Dial):
    listed = dial.page.locator(".dial .verdicts li")
    expect(listed.filter(has_text=LOOKS["diverged"].word)).to_be_visible()
    entries = listed.all_inner_texts()
    assert len(entries) >= 3
    signs = [entry.split()[0] for entry in entries]
    assert len(set(signs)) == len(signs)
    assert {entry.split(maxsplit=1)[1] for entry in entries} <= {look.word for look in LOOKS.values()}
    patterns = [(look.pattern, look.sign) for look in LOOKS.values()]
    assert len(set(patterns)) == len(patterns)


def test_stability_limits_are_marked_where_they_are(dial: Dial):
    marks = dial.page.locator(".dial .mark")
    expect(marks.nth(0)).to_have_text("2/λ at the start and at the end")  # a parabola is as steep everywhere
    expect(marks.nth(1)).to_be_hidden()
    box, track = marks.nth(0).bounding_box(), dial.track.bounding_box()
    assert box is not None and track is not None
    inset = 14
    at = (box["x"] - track["x"] - inset) / (track["width"] - 2 * inset)
    assert 10 ** (-5 + 6 * at) == pytest.approx(0.02, rel=0.03)  # a pixel is about 1.5 per cent


@pytest.mark.parametrize("query", ["", "?surface=iris_logistic&optimizer=gradient_descent"])
def test_labels_of_the_limits_cover_nothing_and_stay_on_the_page(standing: Dial, query: str):
    dial = standing
    dial.turn_to(query)
    spans = dial.page.locator(".dial .mark:not([hidden]) span:not(:empty)")
    expect(spans.first).to_be_visible()
    boxes = sorted((box["x"], box["x"] + box["width"]) for box in (span.bounding_box() for span in spans.all()) if box)
    track = dial.track.bounding_box()
    assert track is not None and boxes
    assert track["x"] <= boxes[0][0] and boxes[-1][1] <= track["x"] + track["width"]
    assert all(before[1] <= after[0] for before, after in zip(boxes, boxes[1:], strict=False))


def test_dial_works_before_its_fan_has_come(open_page: Callable[..., Page], address: str):
    page = open_page()
    held: list[Callable[[], None]] = []
    page.route(re.compile(r"/fan\?"), lambda route: held.append(route.continue_))
    page.goto(f"{address}/{RAVINE}")
    expect(page.locator(".stage")).to_have_attribute("data-runs", re.compile(r"\d+"))  # the picture does not wait
    track = page.get_by_role("slider", name="Learning rate, dial")
    track.press("Home")
    page.wait_for_url(re.compile(r"learning_rate=0?\.?0*1(e-0?5)?(&|$)"))
    assert page.locator(".dial .verdicts li").count() == 0
    for go_on in held:
        go_on()
    expect(page.locator(".dial .verdicts li").first).to_be_visible()


def test_optimizer_without_a_learning_rate_says_so(standing: Dial):
    turn_to(standing.page, "?optimizer=polyak_sgd")
    expect(standing.page.locator(".dial .note")).to_contain_text("has no learning rate")
    expect(standing.track).to_be_hidden()


def test_phone_turns_the_dial_by_touch(open_page: Callable[..., Page], address: str):
    page = open_page(viewport=PHONE, has_touch=True, color_scheme="dark")
    dial = Dial(page, address)
    dial.track.scroll_into_view_if_needed()
    box = dial.track.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 44
    page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    dial.say("diverged")
    page.wait_for_url(MOVED)
    wide = "[...document.querySelectorAll('.stMain, .stMainBlockContainer')].map(e => e.scrollWidth - e.clientWidth)"
    assert page.evaluate(wide) == [0, 0]

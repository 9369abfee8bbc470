"""The Explore page in a real browser: what the address, the controls, the themes and a phone do."""

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError, ViewportSize, expect

from tests.browser.conftest import rest, turn_to
from tests.browser.served import ROOT

PHONE: ViewportSize = {"width": 390, "height": 844}
MOVE_BYTES = 12_000
"""What one move of a control may cost over the websocket while the surface stays."""


HIMMELBLAU = ((3, 2), (-2.805118, 3.131312), (-3.77931, -3.283186), (3.584428, -1.848126))
"""Its minima; domain -5 to 5 on both axes."""

DRAWN = """(plane, groups) => {
  const canvas = [...plane.querySelectorAll("canvas")].at(-1);
  const pen = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height })
    .getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const ratio = canvas.width / plane.clientWidth;
  const [left, top, width, height] = plane.dataset.plot.split(" ").map(Number);
  const at = (share, side, length) => Math.round((side + share * length) * ratio);
  const drawn = ([u, v]) => pen.getImageData(at(u, left, width), at(v, top, height), 1, 1).data[3] > 128;
  return groups.map((places) => places.filter(drawn).length);
}"""
"""At how many places of each group, in shares of the plane from its upper left, a small ball is drawn."""


OPENINGS, LIST_MS = 6, 10_000
"""How often a list is opened, and for how many milliseconds.

Streamlit draws the page anew when a run of it has ended, a moment after it has said so: a list that is opened just then
is shut, and a click on it lost.
"""


class Visit:
    """An open page of the app, with what the tests ask of it."""

    def __init__(self, page: Page, address: str) -> None:
        """Take a blank page; `go` loads the app."""
        self.page, self.address = page, address
        self.received: list[int] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, data: str | bytes) -> None:
        self.received.append(len(data))

    def go(self, query: str = "") -> Page:
        self.page.goto(self.address + query)
        expect(self.stage).to_have_attribute("data-runs", re.compile(r"\d+"))
        expect(self.page.locator(".run dd").first).to_be_visible()
        self.rest()
        return self.page

    def turn_to(self, query: str) -> Page:
        """The page at another address and at the end of its run, by no load."""
        turn_to(self.page, query)
        self.page.get_by_role("button", name="To the end").click()
        return self.page

    def rest(self) -> None:
        """Wait until no run of the page is under way: one that ends shuts a list that is open."""
        rest(self.page)

    @property
    def stage(self):
        return self.page.locator(".stage")

    @property
    def summary(self):
        return self.page.locator(".stage .summary")

    @property
    def rate(self):
        return self.page.get_by_role("textbox", name="Learning rate")

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    @property
    def dial(self):
        return self.page.get_by_role("slider", name="Learning rate, dial")

    @contextmanager
    def one_run(self) -> Iterator[None]:
        """What is done inside makes one new run; go on when the stage shows it."""
        runs = int(self.stage.get_attribute("data-runs") or 0)
        yield
        expect(self.stage).to_have_attribute("data-runs", str(runs + 1))

    def set_rate(self, text: str) -> None:
        with self.one_run():
            self.rate.fill(text)
            self.rate.press("Enter")
        self.page.wait_for_url(re.compile(rf"learning_rate={re.escape(text)}(&|$)"))

    def choose(self, what: str, title: str) -> None:
        self.rest()
        box = self.page.get_by_role("combobox", name=re.compile(what))
        with self.one_run():
            for _ in range(OPENINGS):
                try:
                    box.click()
                    self.page.get_by_role("option", name=title, exact=True).click(timeout=LIST_MS)
                    expect(box).to_have_value(title, timeout=LIST_MS)
                    return
                except (TimeoutError, AssertionError):
                    continue
            raise AssertionError(f"{title} could not be chosen in the list of {what}")


@pytest.fixture
def visit(open_page, address) -> Callable[..., Visit]:
    return lambda **options: Visit(open_page(**options), address)


@pytest.fixture(scope="module")
def here(shared_page: Page, address: str) -> Visit:
    """The page of all tests that need none of their own."""
    here = Visit(shared_page, address)
    here.go()
    return here


def test_opening_plays_at_a_clean_address_and_the_dial_leaves_camera_and_clock_alone(visit):
    here = visit(reduced_motion="no-preference")
    page = here.go()
    expect(here.stage).to_have_attribute("data-state", "playing")
    expect(here.rate).to_have_value("0.0015")
    assert urlsplit(page.url).query == ""

    surface = page.locator(".stage [data-view=surface]")
    page.get_by_role("button", name="Pause").click()
    turned = surface.get_attribute("data-camera") or ""
    surface.press("ArrowLeft")
    expect(surface).not_to_have_attribute("data-camera", turned)
    step, told = here.stage.get_attribute("data-step"), here.summary.inner_text()
    camera = surface.get_attribute("data-camera")
    with here.one_run():
        here.dial.press("ArrowRight")
    expect(here.summary).not_to_have_text(told)
    assert (surface.get_attribute("data-camera"), here.stage.get_attribute("data-step")) == (camera, step)
    page.wait_for_url(re.compile("learning_rate="))
    assert float(here.query["learning_rate"][0]) == float(here.rate.input_value()) > 0.0015


def test_address_survives_a_reload_exactly(here: Visit):
    page = here.turn_to("?surface=himmelblau")
    here.choose("Optimizer", "Adam")
    page.wait_for_url(re.compile("optimizer=adam"))
    here.set_rate("0.012345678901234567")
    expect(here.summary).to_contain_text("Adam on Himmelblau")
    told, url = here.summary.inner_text(), page.url
    page.reload()
    expect(here.summary).to_have_text(told)
    assert page.url == url
    assert float(here.rate.input_value()) == 0.012345678901234567


def test_back_and_forward_walk_through_the_settings(here: Visit):
    page = here.turn_to("?surface=bowl&optimizer=gradient_descent")
    here.set_rate("0.02")
    here.set_rate("0.03")
    page.go_back()
    expect(here.rate).to_have_value("0.02")
    page.go_back()
    expect(here.rate).to_have_value("0.001")
    page.go_forward()
    expect(here.rate).to_have_value("0.02")
    assert here.query["learning_rate"] == ["0.02"]


def test_hostile_address_is_shown_as_text(here: Visit):
    script = "<script>window.broken=1</script>"
    picture = "<img src=x onerror=window.broken=1>"
    page = here.go(f"?surface={quote(script)}&optimizer={quote(picture)}&steps=1e999&seed=1&seed=2&{quote('**b**')}=1")
    notice = page.locator(".st-key-notice")
    for part in (script, picture, "steps = '1e999'", "'seed' is given 2 times", "'**b**'"):
        expect(notice).to_contain_text(part)
    assert page.evaluate("window.broken") is None
    assert page.locator(".st-key-notice :is(script, img, strong, a)").count() == 0
    expect(here.summary).to_contain_text("on Rosenbrock")
    here.stage.evaluate("stage => { stage.same = true; }")
    page.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)
    rest(page)
    assert here.stage.evaluate("stage => stage.same"), "the stage was made anew, and camera and cursor are lost"


def test_diverging_run_keeps_the_picture_and_says_when(here: Visit):
    page = here.turn_to("?surface=rosenbrock&optimizer=gradient_descent&learning_rate=1")
    expect(page.locator("div.run")).to_contain_text("the map for good at step 1. At step 4 the numbers are no longer")
    expect(here.stage).to_have_attribute("data-surface", "drawn")


BOXES = """(selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((e) => {
  const { x, width, height } = e.getBoundingClientRect();
  return { x, width, height, told: e.outerHTML };
}).filter(({ width, height }) => width && height)"""
"""Where all that a selector finds and is not hidden stands, in one question: a page has a hundred controls."""


def test_phone_has_no_sideways_scroll_and_everything_in_reach(visit):
    here = visit(viewport=PHONE, has_touch=True)
    page = here.go()
    page.get_by_text("More settings").click()
    expect(page.get_by_role("spinbutton", name="Seed")).to_be_visible()
    wide = "[...document.querySelectorAll('.stMain, .stMainBlockContainer')].map(e => e.scrollWidth - e.clientWidth)"
    for query in ("", "?surface=ravine&optimizer=adan"):
        turn_to(page, query)
        assert page.evaluate(wide) == [0, 0]
        boxes = page.evaluate(BOXES, ".stMain :is(button, input:not([type=range]), [role=combobox])")
        assert len(boxes) > 10
        for box in boxes:
            assert 0 <= box["x"] and box["x"] + box["width"] <= PHONE["width"], box["told"]


def test_theme_follows_the_system_and_charts_follow_the_run_in_both(here: Visit):
    page = here.turn_to("")
    config = tomllib.loads(Path(ROOT, ".streamlit", "config.toml").read_text())
    page.get_by_text("Numbers and charts").click()
    rates: dict[Literal["dark", "light"], str] = {"dark": "0.0007", "light": "0.0008"}
    for scheme, rate in rates.items():
        page.emulate_media(color_scheme=scheme)
        red, green, blue = bytes.fromhex(config["theme"][scheme]["backgroundColor"][1:])
        expect(page.locator(".stApp")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
        expect(page.locator(".js-plotly-plot")).to_have_count(3)
        line = page.locator(".js-plotly-plot").nth(2).locator(".scatterlayer path.js-line")
        before = line.get_attribute("d")
        here.set_rate(rate)
        expect(line).not_to_have_attribute("d", before or "")
    page.get_by_text("Numbers and charts").click()


def test_controls_are_reached_by_keyboard_in_their_order(here: Visit):
    page = here.page
    page.get_by_role("combobox", name=re.compile("Surface")).focus()
    names = []
    for _ in range(12):
        names.append(
            page.evaluate(
                "(e => e.getAttribute('aria-label') || e.innerText || e.closest('label')?.innerText || '')"
                "(document.activeElement)"
            )
        )
        page.keyboard.press("Tab")
    wanted = ["Surface", "Optimizer", "More settings", "Reset everything"]
    found = [next(i for i, name in enumerate(names) if re.search(rf"{want}$", name.strip())) for want in wanted]
    assert found == sorted(found), names


def test_targets_are_large_enough(here: Visit):
    boxes = here.page.evaluate(BOXES, ".stMain :is(button, summary, [role=combobox], input[type=number])")
    assert len(boxes) > 5
    for box in boxes:
        assert min(box["width"], box["height"]) >= 24, box["told"]


def test_move_of_a_control_is_a_short_message(here: Visit):
    here.turn_to("?surface=bowl&optimizer=momentum")
    for text in ("0.011", "0.012", "0.013"):  # the first move still brings what the browser then keeps
        here.received.clear()
        here.set_rate(text)
    assert sum(here.received) <= MOVE_BYTES


def test_many_starts_go_along_under_the_clock_and_are_told_in_words(here: Visit):
    page = here.turn_to("?surface=himmelblau&optimizer=gradient_descent")
    page.get_by_text("More settings").click()
    expect(page.get_by_role("combobox", name=re.compile("Starts"))).to_be_visible()
    here.rest()
    here.choose("Starts", "A grid")
    expect(here.stage).to_have_attribute("data-swarm", "1")
    words = page.locator("div.run[role=status]")
    expect(words).to_contain_text("Of 64 runs from a grid of starts, all converged. The loss at the end: median")
    plane = page.locator(".stage [data-view=plane]")
    page.get_by_role("button", name="To the start").click()
    expect(here.stage).to_have_attribute("data-step", "0")
    middles = [[(i + 0.5) / 8, (j + 0.5) / 8] for i in range(8) for j in range(8)]
    minima = [[(x + 5) / 10, (5 - y) / 10] for x, y in HIMMELBLAU]
    assert plane.evaluate(DRAWN, [middles, minima]) == [64, 0]
    page.get_by_role("button", name="To the end").click()
    expect(here.stage).not_to_have_attribute("data-step", "0")
    assert plane.evaluate(DRAWN, [middles, minima]) == [0, 4]
    here.dial.hover()
    page.mouse.down()
    page.mouse.move(700, 500)
    expect(here.stage).to_have_attribute("data-swarm", "")  # what is shown now are runs at other rates
    page.mouse.up()
    page.wait_for_url(re.compile("learning_rate="))
    expect(here.stage).to_have_attribute("data-swarm", "1")
    assert here.query["starts"] == ["grid"]
    here.choose("Starts", "One start")
    expect(words).to_have_count(0)
    expect(here.stage).to_have_attribute("data-swarm", "")
    assert plane.evaluate(DRAWN, [middles, minima]) == [0, 0]

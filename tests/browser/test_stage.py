"""The stage in a real browser: what it draws is where the run is, and everything about it can be driven and stopped."""

import io
import math
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine import Trajectory, descend
from tests.browser.conftest import WIDE, turn_to
from ui.scenario import OPENING, default_scenario, run

RISE, RADIUS = 0.62, 0.05  # the block's height and the ball's radius, in half the map's longer side
HALF_PIXEL = 0.5  # float32 coordinates on a map of some 400 pixels are a thousand times finer


class Stage:
    """The stage on a page, with what the tests ask of it."""

    def __init__(self, page: Page, address: str, query: str = "") -> None:
        """Open the app and wait until the stage has drawn a run."""
        self.page = page
        page.goto(f"{address}/{query}")
        self.root = page.locator(".stage")
        self.surface, self.plane, self.curve = (
            page.locator(f"[data-view={name}]") for name in ("surface", "plane", "curve")
        )
        expect(self.root).to_have_attribute("data-runs", re.compile(r"\d+"))

    @property
    def step(self) -> int:
        return int(self.root.get_attribute("data-step") or "0")

    def state(self, name: str) -> None:
        expect(self.root).to_have_attribute("data-state", name)

    def button(self, name: str):
        return self.root.get_by_role("button", name=name, exact=True)

    def go_to(self, step: int) -> None:
        """Pause at a step, by the slider."""
        self.root.get_by_role("slider", name="Step", exact=True).fill(str(step))
        self.at(step)

    def at(self, step: int) -> None:
        expect(self.root).to_have_attribute("data-step", str(step))

    def wait_past(self, step: int) -> None:
        self.page.wait_for_function(
            "([root, step]) => Number(root.dataset.step) > step", arg=[self.root.element_handle(), step]
        )

    def after(self, action: Callable[[], object]) -> None:
        """Do something that sends a new run, and wait until it is drawn."""
        drawn = self.root.get_attribute("data-runs")
        action()
        expect(self.root).not_to_have_attribute("data-runs", drawn or "")

    def place(self, point: np.ndarray) -> tuple[float, float]:
        """Where a point of the map should be on the page, from what the plane says it shows."""
        x0, x1, y0, y1 = numbers(self.plane.get_attribute("data-window"))
        left, top, width, height = numbers(self.plane.get_attribute("data-plot"))
        box = self.plane.bounding_box()
        assert box is not None
        return (
            box["x"] + left + (point[0] - x0) / (x1 - x0) * width,
            box["y"] + top + (y1 - point[1]) / (y1 - y0) * height,
        )

    def picture(self) -> np.ndarray:
        """The surface's pixels, (rows, columns, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.surface.screenshot())).convert("RGB")).astype(int)


def numbers(text: str | None) -> list[float]:
    assert text is not None
    return [float(part) for part in text.split()]


def opening_run() -> Trajectory:
    return run(default_scenario(*OPENING))


@pytest.fixture(scope="module")
def page_of_all(shared_page: Page, address: str) -> Stage:
    return Stage(shared_page, address)


@pytest.fixture
def opened(page_of_all: Stage) -> Stage:
    """The opening run, whatever the last test has shown; its camera and the plane's window are those of the opening."""
    turn_to(page_of_all.page, "")
    page_of_all.page.mouse.move(0, 0)  # where the mouse rests on the plane, the cross-hair stands
    return page_of_all


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.abs(before - after).max(axis=2) > 12


def test_stage_opens_playing_and_the_ball_moves(open_page: Callable[..., Page], address: str):
    stage = Stage(open_page(reduced_motion="no-preference"), address)
    stage.state("playing")
    stage.wait_past(3)
    stage.button("Pause").click()
    stage.state("paused")
    stage.go_to(20)
    before = stage.picture()
    stage.go_to(21)
    assert changed(before, stage.picture()).sum() > 100  # a ball is some 300 pixels


def test_stage_draws_nothing_while_nothing_changes(opened: Stage):
    opened.go_to(20)
    frames = opened.page.evaluate(
        """async () => {
            let frames = 0;
            const ask = window.requestAnimationFrame;
            const wait = () => new Promise((done) => ask.call(window, () => done()));
            for (let i = 0; i < 3; i++) await wait();
            window.requestAnimationFrame = (f) => { frames += 1; return ask.call(window, f); };
            for (let i = 0; i < 10; i++) await wait();
            window.requestAnimationFrame = ask;
            return frames;
        }"""
    )
    assert frames == 0


@pytest.mark.parametrize("step", [0, 3, 40, 500])
def test_plane_puts_the_ball_on_the_iterate(opened: Stage, step: int):
    opened.go_to(step)
    box = opened.plane.locator("svg.ball").bounding_box()
    assert box is not None
    x, y = opened.place(opening_run().points[step])
    assert math.dist((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), (x, y)) < HALF_PIXEL


def test_surface_stands_the_ball_on_the_ground_at_the_display_height(opened: Stage):
    step = 3
    opened.go_to(0)
    without = opened.picture()
    matrix = np.array(numbers(opened.surface.get_attribute("data-camera"))).reshape(4, 4).T
    opened.go_to(step)
    seen = changed(without, opened.picture())

    def loss(x: float, y: float) -> float:
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def ground(x: float, y: float) -> np.ndarray:
        # The map is [-2, 2] x [-1, 3]; its highest corner is (-2, -1), its lowest height 0.
        return np.array([x / 2, (y - 1) / 2, RISE * math.log10(1 + loss(x, y)) / math.log10(1 + loss(-2, -1))])

    x, y = opening_run().points[step]
    near = 0.02  # a grid's spacing
    along = ground(x + near, y) - ground(x - near, y), ground(x, y + near) - ground(x, y - near)
    normal = np.cross(*along)
    centre = ground(x, y) + RADIUS * normal / np.linalg.norm(normal)
    clip = matrix @ [*centre, 1]
    rows, columns = seen.shape
    column, row = (0.5 + clip[0] / clip[3] / 2) * columns, (0.5 - clip[1] / clip[3] / 2) * rows
    pixels = RADIUS * math.hypot(*matrix[1, :3]) / clip[3] * rows / 2
    down, right = np.mgrid[:rows, :columns]
    distance = np.hypot(right - column, down - row)
    disc = distance < 0.8 * pixels
    around = (distance > 1.6 * pixels) & (distance < 2.4 * pixels)
    assert pixels > 5
    assert seen[disc].mean() > 0.9
    assert seen[around].mean() < 0.6  # its shadow and its trail are on one side of it


def test_click_sets_the_start_to_the_very_point(opened: Stage):
    x0, x1, y0, y1 = numbers(opened.plane.get_attribute("data-window"))
    left, top, width, height = numbers(opened.plane.get_attribute("data-plot"))
    box = opened.plane.bounding_box()
    assert box is not None
    right, down = 133.0, 71.0
    opened.after(lambda: opened.page.mouse.click(box["x"] + left + right, box["y"] + top + down))
    query = parse_qs(urlsplit(opened.page.url).query)
    # A mouse is at a whole pixel of the page, the plane need not be: its box says where.
    assert float(query["x"][0]) == pytest.approx(x0 + right / width * (x1 - x0), rel=1e-12)
    assert float(query["y"][0]) == pytest.approx(y1 - down / height * (y1 - y0), rel=1e-12)


def test_keyboard_sets_the_start(opened: Stage):
    x0, x1, y0, y1 = numbers(opened.plane.get_attribute("data-window"))
    _, _, width, height = numbers(opened.plane.get_attribute("data-plot"))
    opened.plane.focus()
    opened.page.keyboard.press("ArrowRight")
    opened.page.keyboard.press("Shift+ArrowUp")
    opened.after(lambda: opened.page.keyboard.press("Enter"))
    query = parse_qs(urlsplit(opened.page.url).query)
    assert float(query["x"][0]) == pytest.approx((x0 + x1) / 2 + 2 / width * (x1 - x0), rel=1e-12)
    assert float(query["y"][0]) == pytest.approx((y0 + y1) / 2 + 20 / height * (y1 - y0), rel=1e-12)


def test_keyboard_drives_the_clock_the_camera_and_the_window(opened: Stage):
    press = opened.page.keyboard.press
    opened.go_to(100)
    opened.button("Play").or_(opened.button("Pause")).focus()
    press("Home")
    press("ArrowRight")
    opened.state("paused")
    opened.at(1)
    press("ArrowLeft")
    opened.at(0)
    press("End")
    opened.at(opening_run().length)
    opened.surface.focus()
    camera = opened.surface.get_attribute("data-camera")
    press("ArrowLeft")
    expect(opened.surface).not_to_have_attribute("data-camera", camera or "")
    press("0")
    expect(opened.surface).to_have_attribute("data-camera", camera or "")
    press(" ")
    opened.state("playing")
    opened.plane.focus()
    press("+")
    x0, x1, *_ = numbers(opened.plane.get_attribute("data-window"))
    assert x1 - x0 == pytest.approx(4 / 1.25)
    press("0")
    assert numbers(opened.plane.get_attribute("data-window")) == [-2, 2, -1, 3]


def test_new_run_keeps_camera_clock_and_window(opened: Stage):
    stage = opened
    stage.surface.focus()
    stage.page.keyboard.press("ArrowUp")
    stage.plane.focus()
    stage.page.keyboard.press("+")
    stage.go_to(37)
    kept = [stage.surface.get_attribute("data-camera"), stage.plane.get_attribute("data-window")]
    rate = stage.root.get_by_role("textbox", name="Learning rate")
    rate.fill("0.0012")
    stage.after(lambda: rate.press("Enter"))
    stage.at(37)
    stage.state("paused")
    assert [stage.surface.get_attribute("data-camera"), stage.plane.get_attribute("data-window")] == kept
    for view in (stage.surface, stage.plane):
        view.press("0")


def test_wheel_zooms_about_the_pointer(opened: Stage):
    point = np.array([0.5, 1.25])
    before = opened.place(point)
    opened.page.mouse.move(*before)
    opened.page.mouse.wheel(0, -300)
    expect(opened.plane).not_to_have_attribute("data-window", "-2 2 -1 3")
    assert math.dist(opened.place(point), before) < HALF_PIXEL
    opened.button("Show the whole map").click()
    expect(opened.plane).to_have_attribute("data-window", "-2 2 -1 3")


def test_dragging_over_the_loss_curve_scrubs(opened: Stage):
    box = opened.curve.bounding_box()
    assert box is not None
    opened.go_to(0)
    opened.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 40)
    opened.page.mouse.down()
    first = opened.step
    opened.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 40, steps=4)
    opened.page.mouse.up()
    opened.wait_past(first + 100)
    opened.state("paused")


def test_divergence_is_marked_with_its_steps_and_the_axes_stay(opened: Stage):
    diverged, ticks = opened, opened.plane.get_attribute("data-window")
    turn_to(opened.page, "?optimizer=gradient_descent&learning_rate=0.01")
    expected = descend("rosenbrock", "gradient_descent", learning_rate=0.01)
    outside = (np.abs(expected.points - (0, 1)) > 2).any(axis=1)
    assert expected.status == "diverged"
    summary = diverged.root.locator(".summary")
    expect(summary).to_contain_text(f"left the map at step {int(outside.argmax())}")
    expect(summary).to_contain_text(f"not finite at step {expected.length + 1}")
    diverged.button("To the end").click()
    expect(diverged.root.locator(".status")).to_contain_text("diverged")
    expect(diverged.plane.locator("svg.ball")).to_be_hidden()
    assert diverged.plane.get_attribute("data-window") == ticks
    assert diverged.picture().std() > 20  # the picture stays


def test_reduced_motion_shows_the_finished_path_and_a_lost_context_is_drawn_again(
    open_page: Callable[..., Page], address: str, console
):
    stage = Stage(open_page(), address)
    stage.state("ended")
    assert stage.step == opening_run().length
    stage.button("Play").click()  # only when asked to
    stage.state("playing")

    stage.go_to(25)
    before = stage.picture()
    loser = stage.surface.locator("canvas[role=img]").evaluate_handle(
        "(canvas) => canvas.getContext('webgl2').getExtension('WEBGL_lose_context')"
    )
    loser.evaluate("(extension) => extension.loseContext()")
    notice = stage.root.locator(".notice")
    expect(notice).to_contain_text("lost its graphics context")
    stage.go_to(26)  # the others carry on
    box = stage.plane.locator("svg.ball").bounding_box()
    assert box is not None and abs(box["x"] + 12 - stage.place(opening_run().points[26])[0]) < HALF_PIXEL
    stage.go_to(25)
    loser.evaluate("(extension) => extension.restoreContext()")
    expect(notice).to_be_hidden()
    stage.page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    assert changed(before, stage.picture()).mean() < 0.01
    console.said[:] = [text for text in console.said if "CONTEXT_LOST_WEBGL" not in text]  # Chromium's own words


def test_surface_is_drawn_again_in_a_window_of_another_size(opened: Stage):
    opened.go_to(25)
    size = opened.surface.get_attribute("data-size")
    opened.page.set_viewport_size({"width": 1000, "height": 700})
    expect(opened.surface).not_to_have_attribute("data-size", size or "")
    opened.page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    picture = opened.picture()
    coloured = picture.max(axis=2) - picture.min(axis=2) > 40  # the ground is, the paper around it is not
    assert coloured.mean() > 0.15
    opened.page.set_viewport_size(WIDE)


def test_without_webgl2_the_plane_carries_on_and_the_page_says_so(open_page: Callable[..., Page], address: str):
    page = open_page(reduced_motion="no-preference")
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind === "webgl2" ? null : get.call(this, kind, ...rest);
        };"""
    )
    stage = Stage(page, address)
    expect(stage.root.locator(".notice")).to_contain_text("WebGL2 is not available")
    stage.wait_past(2)
    expect(stage.plane.locator("svg.ball")).to_be_visible()


def test_theme_follows_the_page_while_it_runs(opened: Stage):
    stage, page = opened, opened.page
    stage.go_to(30)
    light = stage.picture()[:5].mean()
    page.emulate_media(color_scheme="dark")
    expect(stage.root).to_have_class(re.compile("dark"))
    assert light > 200 > 60 > stage.picture()[:5].mean()
    stage.at(30)
    page.emulate_media(color_scheme="light")
    expect(stage.root).not_to_have_class(re.compile("dark"))


def test_phone_has_no_sideways_scroll_and_every_view_is_usable(open_page: Callable[..., Page], address: str):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    stage = Stage(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for view in (stage.surface, stage.plane, stage.curve):
        box = view.bounding_box()
        assert box is not None and box["width"] > 300 and box["x"] >= 0 and box["x"] + box["width"] <= 390
    for control in stage.root.locator("button:visible, select, input").all():
        box = control.bounding_box()
        assert box is not None and box["width"] >= 24 and box["height"] >= 24
    stage.plane.scroll_into_view_if_needed()
    left, top, width, height = numbers(stage.plane.get_attribute("data-plot"))
    stage.after(lambda: stage.plane.tap(position={"x": left + width / 4, "y": top + height / 4}))
    assert float(parse_qs(urlsplit(page.url).query)["x"][0]) == pytest.approx(-1, abs=0.02)  # a finger is no needle


def test_every_control_has_a_name_and_the_run_is_told_in_words(opened: Stage):
    for control in opened.root.locator("button, select, input, [tabindex='0']").all():
        assert control.evaluate("e => e.ariaLabel || e.textContent || e.labels?.[0]?.textContent")
    assert opened.root.locator(".summary").get_attribute("aria-live") == "polite"
    expect(opened.root.locator(".summary")).to_contain_text(
        "Momentum (heavy ball) on Rosenbrock from (−1.2, 1), 500 steps"
    )
    opened.go_to(12)
    expect(opened.root.locator(".spoken", has_text="Momentum")).to_contain_text("step 12 of 500")


def test_ball_rolls_without_sliding(opened: Stage):
    turns = opened.page.evaluate(
        """async (address) => {
            const { roll } = await import(new URL("stage/matrix.js", address));
            const still = new Float32Array([0, 0, 0, 1]);
            const after = (distance) => {
                const out = new Float32Array(4);
                roll(out, 0, still, 0, distance, 0, 0, 0, 0, 1, 0.05);
                return [...out];
            };
            return [after(2 * Math.PI * 0.05), after(0.5 * Math.PI * 0.05)];
        }""",
        opened.page.url,
    )
    whole, quarter = np.array(turns)
    single = 1e-6  # float32
    assert np.abs(whole) == pytest.approx([0, 0, 0, 1], abs=single)  # one circumference: the ball is as it was
    # A quarter turn along x carries the top, (0, 0, 1), to the front, (1, 0, 0).
    x, y, z, w = quarter
    assert [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)] == pytest.approx([1, 0, 0], abs=single)

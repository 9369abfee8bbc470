"""The step explained and the sharpness in a real browser: the numbers and arrows belong to the cursor's step."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from engine import descend
from tests.browser.conftest import turn_to
from tests.browser.test_stage import Stage

COMPILED = 60_000
"""Milliseconds for what an optimizer's first explanation has to compile, on a busy machine."""

QUERY = "?surface=himmelblau&optimizer=adam&learning_rate=0.3&steps=60"


def adam(**settings):
    return descend("himmelblau", "adam", steps=60, **{"learning_rate": 0.3, **settings})


@pytest.fixture(scope="module")
def opened(shared_page: Page, address: str) -> Stage:
    """The page of all tests, as it opens on Adam's run."""
    return Stage(shared_page, address, QUERY)


@pytest.fixture
def stage(opened: Stage) -> Stage:
    """Adam's run, with nothing explained or with its step."""
    if "learning_rate=0.3" not in opened.page.url:
        turn_to(opened.page, QUERY)
    return opened


def explained(stage: Stage) -> Locator:
    """The section of the explanation, switched on."""
    button = stage.button("Explain the step")
    if button.get_attribute("aria-pressed") != "true":
        button.click()
    section = stage.root.locator(".explained")
    expect(section).to_have_attribute("data-row", re.compile(r"\d+"), timeout=COMPILED)
    return section


def result(section: Locator) -> list[float]:
    """The last numbers of the rule, those of x_t."""
    text = section.locator(".numbers").last.locator("[data-slot]").last.text_content() or ""
    return [float(part.replace("−", "-")) for part in re.findall(r"[−\d.]+", text)]


def arrow(stage: Stage, kind: str) -> np.ndarray:
    """Where the arrow of a kind points, from the ball: to the right and up, of length 1."""
    path = stage.plane.locator(f".shaft.{kind} path").first.get_attribute("d") or ""
    x0, y0, x1, y1 = map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", path))
    return np.array([x1 - x0, y0 - y1]) / np.hypot(x1 - x0, y1 - y0)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.hypot(*vector)


def test_printed_point_is_the_next_row_and_follows_the_cursor_with_no_network(stage: Stage):
    section, run = explained(stage), adam()
    requests = []
    stage.page.on("request", lambda request: requests.append(request.url))
    for step in (0, 7, 59):
        stage.go_to(step)
        expect(section).to_have_attribute("data-row", str(step))
        expect(section.get_by_role("heading")).to_contain_text(f"t = {step + 1}")
        np.testing.assert_allclose(result(section), run.points[step + 1], rtol=1e-3, atol=1e-3)  # four digits
    stage.page.keyboard.press("ArrowLeft")
    expect(section).to_have_attribute("data-row", "58")
    np.testing.assert_allclose(result(section), run.points[59], rtol=1e-3, atol=1e-3)
    assert requests == []


def test_last_row_explains_the_step_that_would_follow(stage: Stage):
    section = explained(stage)
    stage.go_to(60)
    expect(section.get_by_role("heading")).to_contain_text("the one that would follow")
    np.testing.assert_allclose(
        result(section), descend("himmelblau", "adam", steps=61, learning_rate=0.3).points[61], rtol=1e-3
    )


def test_arrows_point_where_the_gradient_and_the_step_do(stage: Stage):
    explained(stage)
    run = adam()
    stage.go_to(9)
    expect(stage.plane.locator(".arrows")).to_have_count(1)
    np.testing.assert_allclose(arrow(stage, "gradient"), unit(-run.gradients[9]), atol=2e-3)
    np.testing.assert_allclose(arrow(stage, "update"), unit(run.points[10] - run.points[9]), atol=2e-3)
    expect(stage.plane.locator(".shaft.squares ellipse")).to_have_count(1)
    looks = {
        stage.plane.locator(f".shaft.{kind} path").first.get_attribute("stroke-dasharray")
        for kind in ("gradient", "direction")
    }
    assert len(looks) == 2  # told apart without colour
    assert set(stage.plane.locator(".arrows text").all_text_contents()) == {"step", "−g", "−m\u0302", "√v\u0302"}


def test_explanation_stays_over_another_rate_and_goes_away_again(stage: Stage):
    section = explained(stage)
    stage.go_to(5)
    rate = stage.root.get_by_label("Learning rate", exact=True)
    rate.fill("0.2")
    stage.after(lambda: rate.press("Enter"))
    run = adam(learning_rate=0.2)
    last = section.locator(".numbers").last.locator("[data-slot]").last
    expect(last).to_contain_text(f"{run.points[6][0]:.4g}".replace("-", "−"))
    np.testing.assert_allclose(result(section), run.points[6], rtol=1e-3, atol=1e-3)
    stage.button("Explain the step").click()
    expect(section).to_be_hidden()
    expect(stage.plane.locator(".arrows")).to_have_count(0)


def test_sharpness_is_fetched_when_it_is_chosen_and_told_in_words(stage: Stage):
    urls: list[str] = []
    stage.page.on("request", lambda request: urls.append(request.url))
    assert not any("/track?" in url for url in urls)
    stage.root.get_by_role("radio", name="sharpness").check(force=True)
    about = stage.root.locator(".about")
    expect(about).to_contain_text("2(1 + β₁)/((1 − β₁)η)", timeout=COMPILED)
    expect(about).to_contain_text("arXiv:2207.14484")
    assert sum("/track?" in url for url in urls) == 1
    expect(stage.root.get_by_text("its limit is 127")).to_have_count(1)  # 38/0.3, for those who do not see it
    stage.root.get_by_role("radio", name="sharpness").press("ArrowLeft")
    expect(about).to_be_hidden()


def test_where_no_limit_is_known_the_page_says_so(opened: Stage):
    stage = opened
    turn_to(stage.page, "?surface=himmelblau&optimizer=lion&steps=40")
    stage.root.get_by_role("radio", name="sharpness").check(force=True)
    told = "No limit of the sharpness is known for Lion, so none is drawn."
    expect(stage.root.locator(".about")).to_have_text(told, timeout=COMPILED)
    stage.page.wait_for_url(re.compile("curve=sharpness"))


def test_step_that_broke_a_run_is_explained(opened: Stage):
    stage = opened
    turn_to(stage.page, "?surface=quartic&optimizer=gradient_descent&learning_rate=1&steps=40")
    section = explained(stage)
    expect(section.get_by_role("heading")).to_contain_text("the one that broke the run")

"""The fit in a real browser: the examples beside the surface, and the line of the ball's place moving with it."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine import descend
from tests.browser.conftest import turn_to
from tests.data_tables import diabetes_rows

QUERY = "?surface=line_fit&optimizer=gradient_descent&learning_rate=0.01&steps=60"


@pytest.fixture(scope="module")
def page(shared_page: Page, address: str) -> Page:
    """The page of all tests, on a surface without data."""
    shared_page.goto(f"{address}/?surface=bowl")
    expect(shared_page.locator(".stage")).to_have_attribute("data-runs", re.compile(r"\d+"))
    return shared_page


def at(page: Page, step: int) -> None:
    page.get_by_role("slider", name="Step", exact=True).fill(str(step))
    expect(page.locator("[data-view=fit]")).to_have_attribute("data-step", str(step))


def coloured(page: Page) -> np.ndarray:
    """Which pixels of the fit have the run's colour, in the light theme."""
    picture = page.locator("[data-view=fit]").screenshot()
    red, green, blue = np.moveaxis(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int), -1, 0)
    return (red > 170) & (green < 150) & (blue < 120)


def steepness_of_white_lines(page: Page) -> int:
    """How steeply the white lines on the plane fall, of 1 to 4: along those lines the picture is most even."""
    picture = page.locator("[data-view=plane]").screenshot()
    white = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).min(axis=2)[75:210, 60:350] > 220
    rows, columns = np.indices(white.shape)

    def contrast(steep: int) -> float:
        line = np.rint((steep * columns - rows) / np.hypot(steep, 1)).astype(int).ravel()
        line -= line.min()
        sizes = np.bincount(line)
        shares = np.bincount(line, white.ravel())[sizes > 40] / sizes[sizes > 40]
        return float(shares.var())

    return max(range(1, 5), key=contrast)


def slope(page: Page) -> float:
    """Of the line that is drawn, in pixels."""
    rows, columns = np.nonzero(coloured(page))
    return -np.polyfit(columns, rows, 1)[0]


def test_line_is_that_of_the_place_of_the_ball(page: Page):
    turn_to(page, QUERY)
    steps, slopes = (12, 50), []
    for step in steps:
        at(page, step)
        slopes.append(slope(page))
    run = descend("line_fit", "gradient_descent", learning_rate=0.01, steps=60)
    assert slopes[0] / slopes[1] == pytest.approx(run.points[steps[0], 0] / run.points[steps[1], 0], rel=0.03)
    at(page, 0)  # a line at zero lies below all the examples
    assert not coloured(page).any()


def test_example_of_the_next_step_is_lit(page: Page):
    turn_to(page, f"{QUERY}&batch_size=1")
    at(page, 0)  # nothing but the ring: the line is off the picture
    run = descend("line_fit", "gradient_descent", learning_rate=0.01, steps=60, batch_size=1)
    _, columns = np.nonzero(coloured(page))
    wide = page.locator("[data-view=fit]").bounding_box()
    assert wide is not None
    # The four examples stand evenly apart; the first and the last 8 per cent of their span from the frame.
    share = (columns.mean() / wide["width"] - 0.1) / 0.83
    assert round(share * 3) == run.mini_batches[0].argmax()

    slider = page.get_by_role("slider", name="Step", exact=True)  # 15 epochs of four steps
    assert slider.evaluate("slider => getComputedStyle(slider).backgroundImage").startswith("repeating-linear")
    assert float(slider.evaluate("slider => slider.style.getPropertyValue('--epoch')")) == pytest.approx(4 / 60)
    at(page, 13)
    expect(slider).to_have_attribute("aria-valuetext", "13, epoch 4")
    expect(page.locator(".count")).to_have_text("step 13 of 60, epoch 4")

    page.get_by_role("button", name="Batch contours").click()
    page.wait_for_function("new URL(location).searchParams.get('contours') === 'batch'")
    lines = page.locator("[data-view=plane] canvas[data-step]")
    for step in (18, 35):
        at(page, step)
        expect(lines).to_have_attribute("data-step", str(step))
        # All along one of its lines the example at s has the same w s + b.
        assert steepness_of_white_lines(page) == 1 + run.mini_batches[step].argmax()


def test_dots_of_two_inputs_stand_where_the_ball_predicts_them(page: Page):
    turn_to(page, "?surface=diabetes_standardised&optimizer=gradient_descent&x=0.9&y=0.9&steps=60")
    steps, spreads = (0, 60), []
    for step in steps:
        at(page, step)
        rows, _ = np.nonzero(coloured(page))
        spreads.append(rows.std())
    run = descend("diabetes_standardised", "gradient_descent", start=(0.9, 0.9), steps=60)
    predicted = [(diabetes_rows(standardised=True).inputs @ run.points[step]).std() for step in steps]
    assert spreads[1] / spreads[0] == pytest.approx(predicted[1] / predicted[0], rel=0.1)  # dots lie on dots
    assert page.locator("[data-view=curve] .unseen").is_visible()  # the ring of the held-out loss


def test_fit_is_there_only_where_there_is_data(page: Page):
    turn_to(page, "?surface=bowl")
    expect(page.locator("[data-view=fit]")).to_be_hidden()

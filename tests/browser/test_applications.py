"""The pictures of the applications in a real browser: what the ball's two numbers mean, moving with it."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine import Trajectory, descend
from tests.browser.conftest import turn_to

STEPS = 120


@pytest.fixture(scope="module")
def page(shared_page: Page, address: str) -> Page:
    """The page of all tests."""
    shared_page.goto(f"{address}/?surface=bowl")
    expect(shared_page.locator(".stage")).to_have_attribute("data-runs", re.compile(r"\d+"))
    return shared_page


def shown(page: Page, surface: str) -> Trajectory:
    """The run on a surface, which the page now shows."""
    turn_to(page, f"?surface={surface}&optimizer=gradient_descent&steps={STEPS}")
    return descend(surface, "gradient_descent", steps=STEPS)


def picture(page: Page, step: int) -> np.ndarray:
    """The picture at a step, in red, green and blue, shape (rows, columns, 3)."""
    page.get_by_role("slider", name="Step", exact=True).fill(str(step))
    expect(page.locator("[data-view=fit]")).to_have_attribute("data-step", str(step))
    shot = page.locator("[data-view=fit]").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def coloured(pixels: np.ndarray) -> np.ndarray:
    """Which of them have the run's colour, in the light theme."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return (red > 170) & (green < 150) & (blue < 120)


def test_bars_are_as_long_as_the_shares_of_the_ball(page: Page):
    run = shown(page, "portfolio")
    expect(page.locator("[data-view=fit] canvas").first).to_have_attribute(
        "aria-label", re.compile("share of the money, of Apple; Netflix; Google: bars that move with the ball")
    )
    for step in (0, 25, STEPS):
        pixels = picture(page, step)
        own = coloured(pixels)[25:, : int(0.45 * pixels.shape[1])]  # below the title, left of the plane
        bands = np.array_split(own, 3)
        middles = [band[len(band) // 2 - 3 : len(band) // 2 + 3] for band in bands]
        lengths = np.array([middle.any(axis=0).sum() for middle in middles])
        x, y = run.points[step]
        shares = np.abs([x, y, 1 - x - y])
        assert lengths / lengths.sum() == pytest.approx(shares / shares.sum(), abs=0.03)
        if step == 0:  # the first is sold short: its bar ends where the others begin
            ends = [np.nonzero(middle.any(axis=0))[0] for middle in middles]
            assert x < 0 < y and ends[0].max() <= ends[1].min() + 2


def test_filtered_digits_become_their_edges(page: Page):
    shown(page, "convolution")
    alike = []
    for step in (0, STEPS):
        pixels = picture(page, step)
        signs = (pixels[..., 0] - pixels[..., 2])[20:, int(0.31 * pixels.shape[1]) :]  # orange above 0, blue below
        each = len(signs) // 3
        edges, filtered = signs[each : 2 * each].ravel(), signs[2 * each : 3 * each].ravel()
        alike.append(np.corrcoef(edges, filtered)[0, 1])
    assert alike[0] < 0.4 and alike[1] > 0.75


def test_word_moves_to_those_it_meets(page: Page):
    run = shown(page, "embedding")
    begin, end = (np.nonzero(coloured(picture(page, step))) for step in (0, STEPS))
    wide = picture(page, STEPS).shape[1]
    assert run.points[0, 0] == -1.6 and run.points[STEPS, 0] > 0.9
    assert begin[1].min() < 0.2 * wide and begin[1].max() < 0.6 * wide  # left of the middle
    assert end[1].min() > 0.4 * wide and end[1].max() > 0.75 * wide  # and right of it


def test_bars_say_when_the_ball_is_off_the_map(page: Page):
    turn_to(page, f"?surface=portfolio&optimizer=gradient_descent&learning_rate=0.05&steps={STEPS}")
    assert coloured(picture(page, 0)).any()
    assert not coloured(picture(page, 60)[:, :200]).any()


def test_picture_says_which_task_is_trained_and_forgets_the_first(page: Page):
    turn_to(page, "?surface=two_tasks&optimizer=gradient_descent&steps=300&task_change=100")
    frame, lengths = page.locator("[data-view=fit]"), []
    for step, task in ((99, "A, progression"), (100, "B, cholesterol"), (300, "B, cholesterol")):
        own = coloured(picture(page, step))
        expect(frame).to_have_attribute("data-task", task)
        first, second = np.array_split(own[25:, : int(0.45 * own.shape[1])], 2)
        lengths.append([band[len(band) // 2 - 3 : len(band) // 2 + 3].any(axis=0).sum() for band in (first, second)])
    learnt, _, end = np.array(lengths)
    assert learnt[0] > 20 and end[1] > 20  # of A, then of B, all that can be
    assert learnt[1] > 1.5 * learnt[0] and end[0] > 1.5 * end[1]  # while the other is worse than nothing

"""The colours against the grounds they stand on, by WCAG's contrast ratio."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ui.palette import SERIES, THEMES, ramp, ramp_hex

CONFIG = tomllib.loads((Path(__file__).parent.parent / ".streamlit" / "config.toml").read_text())["theme"]


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB hex colour, as WCAG 2.2 defines it."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the grey that just fails as text


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_every_series_stands_out_from_the_page(series, theme):
    assert contrast(series.colours[theme], CONFIG[theme]["backgroundColor"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_links_can_be_read_on_both_grounds_of_the_page(theme):
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        for ink in ("textColor", "linkColor"):
            assert contrast(CONFIG[theme][ink], CONFIG[theme][ground]) >= 4.5


def test_no_two_series_share_a_dash_or_a_marker():
    for one, other in combinations(SERIES, 2):
        assert one.dash != other.dash and one.marker != other.marker


@pytest.mark.parametrize("theme", THEMES)
def test_ramp_only_gets_lighter(theme):
    assert np.all(np.diff(ramp(theme)[:, 0]) > 0)
    assert np.all(np.diff([luminance(colour) for colour in ramp_hex(theme)]) > 0)

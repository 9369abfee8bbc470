"""The colours: one ramp for heights and six series, for light pages and dark ones, made in OKLab.

OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/) is a colour space in which equal distances look about
equally different. The ramp is a curve through it, sampled at equal distances, so that equal differences in height look
equal; its lightness only rises, so that it survives a grey print and every kind of colour vision.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

STOPS = 64
"""How many colours describe a ramp; in between, plain mixing cannot be told from the curve."""

# The curve's nodes, low to high, as OKLCh (lightness, chroma, hue in degrees): from deep water over reef green to dune.
_NODES: dict[Theme, tuple[tuple[float, float, float], ...]] = {
    "light": (
        (0.36, 0.105, 274), (0.47, 0.110, 252), (0.59, 0.095, 218), (0.70, 0.090, 182), (0.80, 0.095, 145),
        (0.885, 0.100, 105), (0.955, 0.055, 88),
    ),
    "dark": (
        (0.24, 0.085, 278), (0.36, 0.105, 258), (0.48, 0.098, 228), (0.60, 0.090, 192), (0.71, 0.095, 152),
        (0.81, 0.105, 108), (0.90, 0.075, 86),
    ),
}  # fmt: skip

_FROM_LAB = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@dataclass(frozen=True)
class Series:
    """How one run is told from the others: never by its colour alone.

    Attributes:
        name: what the colour is called.
        colours: the sRGB hex colour for each theme.
        dash: lengths of line and gap, in line widths; empty for a solid line.
        marker: the shape of its ball and of its iterates.
    """

    name: str
    colours: dict[Theme, str]
    dash: tuple[float, ...]
    marker: Literal["circle", "square", "triangle", "diamond", "pentagon", "cross"]


SERIES: tuple[Series, ...] = (
    Series("vermilion", {"light": "#c53810", "dark": "#ff6140"}, (), "circle"),
    Series("violet", {"light": "#542186", "dark": "#9976ab"}, (6, 3), "square"),
    Series("black or white", {"light": "#1c222b", "dark": "#f1f5fc"}, (2, 2), "triangle"),
    Series("ochre", {"light": "#a39163", "dark": "#e3d064"}, (8, 3, 2, 3), "diamond"),
    Series("blue", {"light": "#316bf8", "dark": "#1d7eff"}, (10, 4), "pentagon"),
    Series("pink", {"light": "#d95ab3", "dark": "#ff91b3"}, (4, 2, 1, 2, 1, 2), "cross"),
)
"""The looks of up to six runs, in the order in which they are given out.

The colours were searched for: near each name's hue, as far apart as they can be for every kind of colour vision.
"""


def oklab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """OKLab colours, shape (..., 3), as sRGB in [0, 1]; what no screen can show is cut off."""
    linear = (lab @ _FROM_LAB.T) ** 3 @ _TO_LINEAR.T
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def srgb_to_oklab(colours: np.ndarray) -> np.ndarray:
    """Colours in sRGB, shape (..., 3) in [0, 1], as OKLab; the inverse of `oklab_to_srgb` for what a screen shows."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ np.linalg.inv(_TO_LINEAR).T) @ np.linalg.inv(_FROM_LAB).T


def ramp(theme: Theme) -> np.ndarray:
    """The ramp's colours from low to high as OKLab, shape (STOPS, 3), at equal distances along its curve."""
    lightness, chroma, hue = np.array(_NODES[theme]).T
    nodes = np.stack([lightness, chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))], axis=1)
    at, fine = np.arange(len(nodes)), np.linspace(0, len(nodes) - 1, 4001)
    curve = np.stack([_smooth(fine, at, column) for column in nodes.T], axis=1)
    for _ in range(3):  # cutting to what a screen shows moves colours a little: measure what is shown
        shown = srgb_to_oklab(oklab_to_srgb(curve))
        travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(shown, axis=0), axis=1))])
        even = np.linspace(0, travelled[-1], 4001)
        curve = np.stack([np.interp(even, travelled, column) for column in shown.T], axis=1)
    return curve[np.linspace(0, 4000, STOPS).round().astype(int)]


def _smooth(x: np.ndarray, nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A Catmull-Rom curve through values at equidistant nodes."""
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    i = np.minimum(x.astype(int), len(nodes) - 2)
    t = x - i
    before, here, after, beyond = (padded[i + k] for k in range(4))
    slope, next_slope = (after - before) / 2, (beyond - here) / 2
    return (
        here * (2 * t**3 - 3 * t**2 + 1) + slope * (t**3 - 2 * t**2 + t)
        + after * (3 * t**2 - 2 * t**3) + next_slope * (t**3 - t**2)
    )  # fmt: skip


def ramp_hex(theme: Theme) -> list[str]:
    """The ramp from low to high as STOPS hex colours such as "#0a3c5e"."""
    return ["#" + bytes(row).hex() for row in np.rint(oklab_to_srgb(ramp(theme)) * 255).astype(np.uint8)]

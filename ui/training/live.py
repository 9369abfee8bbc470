"""A training on its way as small pictures: the loss so far, and where it is asked for the sharpness against its limit.

Images of a few hundred bytes, since they are drawn again twice a second.
"""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import numpy as np

from ui.numbers import number
from ui.palette import SERIES, Theme
from ui.training.trainings import Live

WIDE, HIGH, HEAD, EDGE = 420, 130, 26, 6
"""Of each picture, of the line that says what it is, and of the room around the curve, in pixels."""

INK: dict[Theme, str] = {"light": "#1c222b", "dark": "#e6ebf2"}

FAR = 4
"""A limit so many times above the sharpness is only said: drawn, it would press the curve to the ground."""


def live_pictures(live: Live, theme: Theme) -> str:
    """The pictures as HTML."""
    losses = np.array(live.losses)
    with np.errstate(divide="ignore", invalid="ignore"):
        decades = np.log10(losses)
    named = f"loss {number(losses[-1])} at step {live.numbers[-1]:,} of {live.steps:,}"
    drawn = [_image(named, _shares(live.numbers, live.steps), _between(decades), [], theme)]
    if live.edge is not None and np.isfinite(live.edge.sharpness).any():
        drawn.append(_sharpness(live, theme))
    return f'<div class="live">{"".join(drawn)}</div>'


def _sharpness(live: Live, theme: Theme) -> str:
    edge = live.edge
    assert edge is not None
    values, limits = edge.sharpness, edge.limits
    finite = limits[np.isfinite(limits)]
    told = f", limit {edge.words} = {number(finite[-1])}" if finite.size else ""
    named = f"sharpness {number(values[-1])}{told}"
    most = float(values[np.isfinite(values)].max())
    near = finite.size > 0 and finite.max() < FAR * most
    high = 1.08 * max(most, float(finite.max()) if near else 0, 1e-12)
    steps = _shares(edge.numbers, live.steps)
    return _image(named, steps, values / high, [(steps, limits / high)] if near else [], theme)


def _shares(numbers: Sequence[int] | np.ndarray, steps: int) -> np.ndarray:
    return np.asarray(numbers, float) / max(steps, 1)


def _between(values: np.ndarray) -> np.ndarray:
    """Values as shares of the way from the least to the greatest that is finite."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return values
    return (values - finite.min()) / max(float(np.ptp(finite)), 1e-3)


def _image(
    named: str, steps: np.ndarray, values: np.ndarray, dashed: Sequence[tuple[np.ndarray, np.ndarray]], theme: Theme
) -> str:
    """A curve under its name, over the steps from none to all."""
    ink, colour = INK[theme], SERIES[0].colours[theme]
    text = 'font-family="Source Sans, Source Sans Pro, sans-serif" font-size="15" font-weight="600"'
    lines = [f'<path d="M0 {HIGH - 1}H{WIDE}" stroke="{ink}" stroke-opacity=".3"/>']
    lines += [f'<path d="{_path(*one)}" stroke="{ink}" stroke-width="1.5" stroke-dasharray="7 4"/>' for one in dashed]
    lines.append(f'<path d="{_path(steps, values)}" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>')
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" fill="none">'
        f'<text x="0" y="16" fill="{ink}" {text}>{escape(named)}</text>{"".join(lines)}</svg>'
    )
    return f'<img alt="{escape(named)}" src="data:image/svg+xml,{quote(drawn)}">'


def _path(steps: np.ndarray, values: np.ndarray) -> str:
    x, y = steps * (WIDE - EDGE), HEAD + EDGE + (1 - values) * (HIGH - HEAD - 2 * EDGE)
    there = np.isfinite(x) & np.isfinite(y)
    points = [f"{a:.1f} {b:.1f}" for a, b in zip(x[there], y[there], strict=True)]
    if len(points) == 1:
        points *= 2
    return "M" + "L".join(points) if points else ""

"""How each verdict looks: a word, a sign and a pattern beside its colour, so that none is told by its colour alone."""

from dataclasses import dataclass
from typing import Literal

from ui.palette import Theme

Pattern = Literal["plain", "dots", "rising", "falling", "crossed", "lines", "waves", "upright"]


@dataclass(frozen=True)
class Look:
    """One verdict for the eye.

    Attributes:
        word: what it is called on the page.
        sign: one character that stands for it.
        colours: its sRGB hex colour for each theme.
        pattern: what fills its stretch of the dial.
    """

    word: str
    sign: str
    colours: dict[Theme, str]
    pattern: Pattern


LOOKS: dict[str, Look] = {
    "converged": Look("converged", "✓", {"light": "#2f9a78", "dark": "#2fa680"}, "plain"),
    "descending": Look("still descending", "↘", {"light": "#8fb8de", "dark": "#466f9c"}, "lines"),
    "crawling": Look("crawling", "…", {"light": "#5f86c4", "dark": "#33518a"}, "dots"),
    "overshooting": Look("overshooting", "⇄", {"light": "#eeb03d", "dark": "#d99a2b"}, "rising"),
    "circling": Look("circling", "↻", {"light": "#a571c9", "dark": "#9a63c4"}, "waves"),
    "diverged": Look("diverged", "▲", {"light": "#c9402f", "dark": "#d0503c"}, "crossed"),
    "saddle": Look("at a saddle", "✕", {"light": "#7d8794", "dark": "#7d8794"}, "falling"),
    "local minimum": Look("in a local minimum", "◆", {"light": "#b3a93c", "dark": "#b5aa45"}, "upright"),
    "plateau": Look("on a plateau", "—", {"light": "#b9c0ca", "dark": "#57616f"}, "lines"),
    "wandering": Look("wandering", "≈", {"light": "#d987b5", "dark": "#b8628f"}, "waves"),
}
"""Verdict -> its look, from the best to the worst news."""

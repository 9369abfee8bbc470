"""A contender's line and marker as a small picture, as the stage's legend has it."""

from urllib.parse import quote

from ui.palette import SERIES, Theme

_SHAPES = {
    "circle": '<circle cx="15" cy="7" r="4.6"/>',
    "square": '<rect x="10.8" y="2.8" width="8.4" height="8.4"/>',
    "triangle": '<path d="M15 1.2l5 8.7H10z"/>',
    "diamond": '<path d="M15 1.3l5.7 5.7-5.7 5.7L9.3 7z"/>',
    "pentagon": '<path d="M15 1.5l5.3 3.9-2 6.2h-6.6l-2-6.2z"/>',
    "cross": '<path d="M13.2 2h3.6v3.2H20v3.6h-3.2V12h-3.6V8.8H10V5.2h3.2z"/>',
}


def line_and_marker_image(place: int, theme: Theme) -> str:
    """The same as an image, for where Streamlit lets no SVG through."""
    drawn = line_and_marker(place, theme).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    return f'<img alt="" width="30" height="14" src="data:image/svg+xml,{quote(drawn)}">'


def line_and_marker(place: int, theme: Theme) -> str:
    """The SVG of the contender in that place."""
    look = SERIES[place]
    colour, dash = look.colours[theme], " ".join(str(2 * part) for part in look.dash)
    return (
        f'<svg class="who-sign" width="30" height="14" aria-hidden="true"><path d="M0 7H30" stroke="{colour}" '
        f'stroke-width="2.2" stroke-dasharray="{dash}"/><g fill="{colour}">{_SHAPES[look.marker]}</g></svg>'
    )

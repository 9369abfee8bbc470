"""Plotly figures of runs, for the page's charts and for notebooks. Knows no Streamlit.

Every figure takes one or more runs; each run keeps the colour, dash and marker that the stage gives it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine import Trajectory
from ui.display import relief
from ui.outcome import distances, gradient_norms
from ui.palette import SERIES, Theme, ramp_hex

MARKERS = {
    "circle": "circle", "square": "square", "triangle": "triangle-up", "diamond": "diamond", "pentagon": "pentagon",
    "cross": "cross",
}  # fmt: skip
MAP_MARKS = {"Minimum": "star", "Local minimum": "x"}
DARK, LIGHT = "#1d2430", "#e6ebf2"
TICKS = 6
"""About how many labels a logarithmic axis has."""

EVERY = 2
"""The map shows every second point of the stage's grid along each side."""


def gradient_norm_figure(*runs: Trajectory, theme: Theme = "light") -> go.Figure:
    """The length of the gradient at each step, on a logarithmic axis."""
    return _step_figure(runs, gradient_norms, "Gradient norm", theme)


def distance_figure(*runs: Trajectory, theme: Theme = "light") -> go.Figure:
    """The distance to the nearest known minimum at each step, on a logarithmic axis.

    Raises:
        ValueError: when no minimum of the landscape is known.
    """
    if distances(runs[0]) is None:
        raise ValueError(f"no minimum of {runs[0].landscape.key} is known")
    return _step_figure(runs, distances, "Distance to the nearest minimum", theme)


def path_figure(*runs: Trajectory, theme: Theme = "light") -> go.Figure:
    """The iterates on a contour map of the first run's landscape; the map never rescales to a run."""
    landscape = runs[0].landscape
    drawn = relief(landscape, dict(runs[0].parameters))
    known = landscape.at(runs[0].parameters)
    figure = go.Figure(
        go.Contour(
            x=drawn.grid.x[::EVERY],
            y=drawn.grid.y[::EVERY],
            z=drawn.heights[::EVERY, ::EVERY],
            customdata=drawn.grid.losses[::EVERY, ::EVERY],
            colorscale=_colorscale(theme),
            showscale=False,
            ncontours=24,
            line={"width": 0.5},
            hovertemplate="x %{x:.4g}<br>y %{y:.4g}<br>loss %{customdata:.4g}<extra></extra>",
        )
    )
    for (name, symbol), minima in zip(MAP_MARKS.items(), (known.minima, known.local_minima), strict=True):
        if minima:
            x, y = zip(*minima, strict=True)
            marker = {"symbol": symbol, "size": 11, "color": "#ffffff", "line": {"width": 1, "color": DARK}}
            figure.add_scatter(x=x, y=y, mode="markers", name=name, marker=marker, hoverinfo="name")
    for place, run in enumerate(runs):
        valid = slice(run.length + 1)
        figure.add_scatter(
            x=run.points[valid, 0],
            y=run.points[valid, 1],
            customdata=run.losses[valid],
            text=_steps(run),
            mode="lines+markers",
            hovertemplate="step %{text}<br>x %{x:.6g}<br>y %{y:.6g}<br>loss %{customdata:.6g}",
            **_looks(run, place, theme),
        )
    (left, right), (bottom, top) = landscape.domain
    figure.update_xaxes(title=landscape.axes[0], range=[left, right], constrain="domain")
    figure.update_yaxes(title=landscape.axes[1], range=[bottom, top])
    return _dressed(figure, "Path", theme, legend=len(runs) > 1)


def _step_figure(
    runs: tuple[Trajectory, ...], ordinate: Callable[[Trajectory], np.ndarray | None], title: str, theme: Theme
) -> go.Figure:
    """A quantity of each run over its steps, on a log axis: zero and what is not finite are left out."""
    figure, decades = go.Figure(), [0.0]
    for place, run in enumerate(runs):
        values = ordinate(run)
        if values is not None:
            shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)[: run.length + 1]
            hover = "step %{x}: %{y:.4g}"
            figure.add_scatter(x=_steps(run), y=shown, mode="lines", hovertemplate=hover, **_looks(run, place, theme))
            decades += np.log10(shown[~np.isnan(shown)]).tolist()
    figure.update_xaxes(title="step", rangemode="tozero")
    apart = max(1, round((max(decades) - min(decades)) / TICKS))
    figure.update_yaxes(type="log", exponentformat="power", dtick=apart)
    return _dressed(figure, title, theme, legend=len(runs) > 1)


def _steps(run: Trajectory) -> np.ndarray:
    return np.arange(run.length + 1)


def _looks(run: Trajectory, place: int, theme: Theme) -> dict[str, Any]:
    """How the stage shows the run in this place, in Plotly's words."""
    series = SERIES[place % len(SERIES)]
    dash = ",".join(f"{2 * length}px" for length in series.dash) or "solid"
    colour, outline = series.colours[theme], {"width": 0.5, "color": DARK}
    return {
        "name": run.optimizer.title,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": MARKERS[series.marker], "size": 5, "line": outline},
    }


def _colorscale(theme: Theme) -> list[tuple[float, str]]:
    colours = ramp_hex(theme)
    return [(place / (len(colours) - 1), colour) for place, colour in enumerate(colours)]


def _dressed(figure: go.Figure, title: str, theme: Theme, legend: bool) -> go.Figure:
    """The figure with its title and the layout that all of them share."""
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=300,
        margin={"l": 50, "r": 15, "t": 40, "b": 40},
        showlegend=legend,
        legend={"orientation": "h", "y": -0.2},
        font={"color": DARK if theme == "light" else LIGHT, "family": "Source Sans, system-ui, sans-serif"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    quiet = {"gridcolor": "#d9dfe6" if theme == "light" else "#2b3644", "zeroline": False}
    return figure.update_xaxes(quiet).update_yaxes(quiet)

"""Plotly figures of runs, for the page's charts and for notebooks. Knows no Streamlit.

Every figure takes one or more runs; each run keeps the colour, dash and marker that the stage gives it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

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

MOST_FRAMES = 60
"""How many pictures an animation has at most: each holds the trails up to its step."""

PICTURE = 60
"""Milliseconds for which one stands. It is drawn as a whole: without that Plotly drops the map while it plays."""

FAR = 1e30
"""A place or a loss of an animation that is further out is drawn here."""

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
    figure = go.Figure(_map(runs[0], theme))
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


def loss_figure(*runs: Trajectory, theme: Theme = "light") -> go.Figure:
    """The loss at each step, above the landscape's minimum where one is known, on a logarithmic axis."""
    title = "Loss" if runs[0].landscape.at(runs[0].parameters).minimum in (None, 0) else "Loss above the minimum"
    return _step_figure(runs, _above, title, theme)


def animated_figure(*runs: Trajectory, names: Sequence[str] | None = None, theme: Theme = "light") -> go.Figure:
    """The runs on the map and their losses, with a play button and a slider; nothing is rescaled on the way.

    `write_html` makes a page of it that plays by itself. Each run is drawn faint as a whole, and bright up to the step
    that is shown; after its end it stands there.

    Args:
        runs: on one landscape, such as those of a comparison (`ui.race.race(comparison).runs`).
        names: what they are called; the titles of their optimizers when not given.
        theme: of the colours.
    """
    landscape, last = runs[0].landscape, max(run.length for run in runs)
    figure = make_subplots(cols=2, horizontal_spacing=0.09, column_widths=[0.5, 0.5])
    figure.add_traces(_map(runs[0], theme), rows=1, cols=1)
    moving = []
    for place, run in enumerate(runs):
        looks: dict[str, Any] = _looks(run, place, theme) | ({} if names is None else {"name": names[place]})
        ends = _up_to(run, run.length)
        for column, (x, y) in enumerate((ends[:2], ends[2:]), start=1):
            faint = {"opacity": 0.25, "showlegend": False, "hoverinfo": "skip", "mode": "lines"}
            figure.add_scatter(x=x, y=y, **(looks | {"marker": None}), **faint, row=1, col=column)
            figure.add_scatter(x=[], y=[], mode="lines", **looks, showlegend=column == 1, row=1, col=column)
            ball = looks["marker"] | {"size": 12, "line": {"width": 1.5, "color": "#ffffff"}}
            figure.add_scatter(
                x=[], y=[], mode="markers", name=looks["name"], marker=ball, showlegend=False, row=1, col=column
            )
            count = len(figure.data)  # pyright: ignore[reportArgumentType]
            moving += [count - 2, count - 1]
    steps = np.unique(np.linspace(0, last, min(MOST_FRAMES, last + 1)).round().astype(int)).tolist()
    figure.frames = [go.Frame(name=str(step), data=_at(runs, step), traces=moving) for step in steps]
    for trace, shown in zip(moving, _at(runs, last), strict=True):
        figure.data[trace].update(x=shown.x, y=shown.y)
    (left, right), (bottom, top) = landscape.domain
    figure.update_xaxes(title=landscape.axes[0], range=[left, right], constrain="domain", row=1, col=1)
    figure.update_yaxes(title=landscape.axes[1], range=[bottom, top], row=1, col=1)
    figure.update_xaxes(title="step", range=[0, 1.02 * max(1, last)], row=1, col=2)
    logs = np.concatenate([np.log10(_up_to(run, run.length)[3]) for run in runs])
    low, high = (np.nanmin(logs), np.nanmax(logs)) if np.isfinite(logs).any() else (0.0, 1.0)
    room = max(0.05 * (high - low), 0.1)
    figure.update_yaxes(
        title="loss", type="log", range=[low - room, high + room], exponentformat="power",
        dtick=max(1, round((high - low) / TICKS)), row=1, col=2,
    )  # fmt: skip
    figure = _dressed(figure, landscape.title, theme, legend=True)
    return figure.update_layout(
        height=460, margin={"b": 120}, updatemenus=[_buttons()], sliders=[_slider(steps)], legend={"y": 1.12, "x": 0.2}
    )


def _up_to(run: Trajectory, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The place on the map, x and y, then step and loss, up to a step; in the precision of a screen."""
    rows = slice(min(step, run.length) + 1)
    x, y = np.clip(run.points[rows].T, -FAR, FAR).astype(np.float32)
    return (
        x,
        y,
        _steps(run)[rows].astype(np.float32),
        np.minimum(_shown(_above(run), run)[rows], FAR).astype(np.float32),
    )


def _at(runs: Sequence[Trajectory], step: int) -> list[go.Scatter]:
    """What moves, at a step: of each run the trail and the ball on the map, and the same on the curve."""
    made = []
    for run in runs:
        x, y, number, loss = _up_to(run, step)
        made += [go.Scatter(x=x, y=y), go.Scatter(x=x[-1:], y=y[-1:])]
        made += [go.Scatter(x=number, y=loss), go.Scatter(x=number[-1:], y=loss[-1:])]
    return made


def _buttons() -> dict[str, Any]:
    play = {"frame": {"duration": PICTURE, "redraw": True}, "transition": {"duration": 0}, "fromcurrent": True}
    stop = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate"}
    buttons = [
        {"label": "Play", "method": "animate", "args": [None, play]},
        {"label": "Pause", "method": "animate", "args": [[None], stop]},
    ]
    return {"type": "buttons", "direction": "left", "buttons": buttons, "x": 0, "y": -0.32, "xanchor": "left"}


def _slider(steps: Sequence[int]) -> dict[str, Any]:
    """At its end, as the figure is; play begins anew there."""
    go_to = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate", "transition": {"duration": 0}}
    places = [{"label": str(step), "method": "animate", "args": [[str(step)], go_to]} for step in steps]
    shown = {"prefix": "step ", "font": {"size": 13}}
    return {"steps": places, "active": len(steps) - 1, "currentvalue": shown, "x": 0.16, "len": 0.84, "y": -0.16}


def _above(run: Trajectory) -> np.ndarray:
    """The losses above the landscape's minimum, where one is known."""
    return run.losses - (run.landscape.at(run.parameters).minimum or 0)


def _shown(values: np.ndarray, run: Trajectory) -> np.ndarray:
    """What a logarithmic axis can show of a run's rows; NaN for the rest."""
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)[: run.length + 1]


def _map(run: Trajectory, theme: Theme) -> list[Any]:
    """The contour map of a run's landscape with its known minima."""
    drawn, known = relief(run.landscape, dict(run.parameters)), run.landscape.at(run.parameters)
    traces: list[Any] = [
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
    ]
    for (name, symbol), minima in zip(MAP_MARKS.items(), (known.minima, known.local_minima), strict=True):
        if minima:
            x, y = zip(*minima, strict=True)
            marker = {"symbol": symbol, "size": 11, "color": "#ffffff", "line": {"width": 1, "color": DARK}}
            traces.append(go.Scatter(x=x, y=y, mode="markers", name=name, marker=marker, hoverinfo="name"))
    return traces


def _step_figure(
    runs: tuple[Trajectory, ...], ordinate: Callable[[Trajectory], np.ndarray | None], title: str, theme: Theme
) -> go.Figure:
    """A quantity of each run over its steps, on a log axis: zero and what is not finite are left out."""
    figure, decades = go.Figure(), [0.0]
    for place, run in enumerate(runs):
        values = ordinate(run)
        if values is not None:
            shown = _shown(values, run)
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

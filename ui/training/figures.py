"""Plotly figures of trained networks: how far from the plane, how well they answer, and where they decide what.

Knows no Streamlit. Each run keeps the colour, dash and marker that the stage gives it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ui.figures import DARK, MARKERS, _dressed
from ui.palette import SERIES, Theme

Curve = tuple[str, np.ndarray, np.ndarray]
"""What is drawn: its name, the steps and the values."""

HEIGHT = 360
"""Of each figure, in pixels."""

KINDS: dict[Theme, tuple[str, ...]] = {"light": ("#7fa8d9", "#efb178"), "dark": ("#2f5f9e", "#a2622a")}
"""The ground that a network takes for kind 0 and for kind 1."""


def step_figure(
    title: str, curves: Sequence[Curve], theme: Theme, places: Sequence[int], thin: Sequence[bool], share: bool = False
) -> go.Figure:
    """Quantities over the steps of training.

    Args:
        title: of the figure.
        curves: what is drawn.
        theme: of the page.
        places: for each curve that of its run, whose colour it has.
        thin: for each curve whether it stands beside the main one of its run: dotted, thin and not in the legend.
        share: whether the values are shares, of which 1 is all.
    """
    figure = go.Figure()
    for (name, steps, values), place, beside in zip(curves, places, thin, strict=True):
        hover = "step %{x}: " + ("%{y:.1%}" if share else "%{y:.4g}")
        line = {"color": SERIES[place].colours[theme], "width": 1.5 if beside else 2.2}
        line["dash"] = "2px,3px" if beside else ",".join(f"{2 * part}px" for part in SERIES[place].dash) or "solid"
        figure.add_scatter(
            x=steps, y=values, mode="lines", name=name, line=line, hovertemplate=hover, showlegend=not beside
        )
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero", tickformat=".0%" if share else None)
    return _low(_dressed(figure, title, theme, legend=len(set(places)) > 1))


def _low(figure: go.Figure) -> go.Figure:
    """The figure with its legend below the numbers of its axis."""
    return figure.update_layout(height=HEIGHT, legend={"y": -0.12, "yanchor": "top"}, margin={"b": 30})


def line_figure(shares: np.ndarray, losses: np.ndarray, test_losses: np.ndarray, theme: Theme) -> go.Figure:
    """The loss on the straight way from the end of one run to that of another."""
    figure = go.Figure()
    straight = losses[0] + shares * (losses[-1] - losses[0])
    ink = DARK if theme == "light" else "#e6ebf2"
    for name, values, line in (
        ("training", losses, {"color": SERIES[0].colours[theme], "width": 2.2}),
        ("test", test_losses, {"color": SERIES[0].colours[theme], "width": 1.5, "dash": "2px,3px"}),
        ("straight between the ends", straight, {"color": ink, "width": 1, "dash": "6px,4px"}),
    ):
        hover = "%{x:.0%} of the way: %{y:.4g}"
        figure.add_scatter(x=shares, y=values, mode="lines", name=name, line=line, hovertemplate=hover)
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(rangemode="tozero")
    return _low(_dressed(figure, "Loss on the straight way from run 1 to run 2", theme, legend=True))


def regions_figure(
    title: str,
    x: np.ndarray,
    y: np.ndarray,
    probabilities: np.ndarray,
    examples: Sequence[tuple[str, np.ndarray, np.ndarray]],
    theme: Theme,
) -> go.Figure:
    """Where a network says what, with the examples on it.

    Args:
        title: of the figure.
        x: (columns,).
        y: (rows,).
        probabilities: (rows, columns), that of kind 1.
        examples: name, points (n, 2) and labels (n,), the first filled and the second hollow.
        theme: of the page.
    """
    first, second = KINDS[theme]
    paper = "#ffffff" if theme == "light" else "#12161d"
    figure = go.Figure(
        go.Contour(
            x=x, y=y, z=probabilities, zmin=0, zmax=1, colorscale=[(0, first), (0.5, paper), (1, second)],
            contours={"start": 0.1, "end": 0.9, "size": 0.1}, line={"width": 0}, showscale=False,
            hovertemplate="(%{x:.2f}, %{y:.2f})<br>kind 1: %{z:.1%}<extra></extra>",
        )
    )  # fmt: skip
    ink = DARK if theme == "light" else "#e6ebf2"
    border: dict[str, Any] = {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}
    figure.add_contour(
        x=x,
        y=y,
        z=probabilities,
        contours=border,
        line={"color": ink, "width": 2},
        showscale=False,
        hoverinfo="skip",
        showlegend=False,
    )
    for hollow, (name, points, labels) in enumerate(examples):
        for kind in (0, 1):
            of_kind = points[labels == kind]
            shape = MARKERS["circle" if kind == 0 else "triangle"] + ("-open" if hollow else "")
            figure.add_scatter(
                x=of_kind[:, 0], y=of_kind[:, 1], mode="markers", name=f"{name}, kind {kind}",
                marker={"symbol": shape, "size": 7, "color": ink if hollow else KINDS[theme][kind],
                        "line": {"width": 1.2, "color": ink}},
                hovertemplate=f"{name}, kind {kind}<br>(%{{x:.2f}}, %{{y:.2f}})<extra></extra>",
            )  # fmt: skip
    figure.update_xaxes(range=[x[0], x[-1]], constrain="domain")
    figure.update_yaxes(range=[y[0], y[-1]], scaleanchor="x", constrain="domain")
    return _low(_dressed(figure, title, theme, legend=True))

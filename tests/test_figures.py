"""The Plotly figures show the run's own numbers, in the series' own looks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from engine import descend
from landscapes import LANDSCAPES
from ui.figures import distance_figure, gradient_norm_figure, path_figure
from ui.palette import SERIES, THEMES


@pytest.fixture(scope="module")
def halving():
    """On x² + y² with this rate the point halves with each step; it ends on (4, 3) / 64."""
    return descend("bowl", "gradient_descent", start=(4, 3), steps=6, learning_rate=0.25)


@pytest.fixture(scope="module")
def diverging():
    return descend("bowl", "gradient_descent", start=(5, 0), steps=500, learning_rate=1e6)


def traces(figure: go.Figure) -> list[Any]:
    return list(figure.select_traces())


def lines(figure: go.Figure) -> list[Any]:
    return [trace for trace in traces(figure) if trace.type == "scatter" and "lines" in trace.mode]


def test_gradient_norm_figure_holds_the_norm_of_every_step(halving):
    (line,) = lines(gradient_norm_figure(halving))
    np.testing.assert_array_equal(line.x, np.arange(7))
    np.testing.assert_allclose(line.y, 10.0 / 2 ** np.arange(7), rtol=1e-15)


def test_distance_figure_holds_the_distance_of_every_step(halving):
    (line,) = lines(distance_figure(halving))
    np.testing.assert_allclose(line.y, 5.0 / 2 ** np.arange(7), rtol=1e-15)


def test_distance_figure_refuses_a_surface_without_a_minimum():
    with pytest.raises(ValueError, match="no minimum of saddle is known"):
        distance_figure(descend("saddle", "gradient_descent", steps=2))


def test_path_figure_holds_the_iterates_on_the_map_of_the_domain(halving):
    figure = path_figure(halving)
    (line,) = lines(figure)
    np.testing.assert_array_equal(np.stack([line.x, line.y], axis=1), halving.points)
    np.testing.assert_array_equal(line.customdata, halving.losses)
    surface: Any = figure.data[0]
    x, y = np.meshgrid(surface.x, surface.y)
    np.testing.assert_allclose(surface.customdata, x**2 + y**2, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("key", ["rosenbrock", "saddle"])
def test_path_figure_marks_the_known_minima_and_never_rescales(key):
    surface = LANDSCAPES[key]
    figure = path_figure(descend(key, "gradient_descent", steps=30, learning_rate=1.0))
    stars = [trace for trace in traces(figure) if trace.name == "Minimum"]
    assert [tuple(zip(star.x, star.y, strict=True)) for star in stars] == ([surface.minima] if surface.minima else [])
    layout: Any = figure.layout
    assert (tuple(layout.xaxis.range), tuple(layout.yaxis.range)) == surface.domain


def test_figures_of_a_diverged_run_stop_at_its_last_row(diverging):
    for make in (gradient_norm_figure, distance_figure, path_figure):
        (line,) = lines(make(diverging))
        assert len(line.x) == diverging.length + 1 == 25


def test_step_figure_leaves_out_zero_which_a_log_axis_cannot_show():
    t = descend("bowl", "gradient_descent", start=(4, 3), steps=5, learning_rate=0.5)  # at 0 after one step
    (line,) = lines(gradient_norm_figure(t))
    assert line.y[0] == 10
    assert np.isnan(line.y[1:]).all()


@pytest.mark.parametrize("theme", THEMES)
def test_runs_keep_the_looks_of_their_series(theme, halving, diverging):
    figure = gradient_norm_figure(halving, diverging, theme=theme)
    first, second = lines(figure)
    assert (first.line.color, second.line.color) == tuple(series.colours[theme] for series in SERIES[:2])
    assert first.line.dash != second.line.dash
    layout: Any = figure.layout
    assert layout.showlegend


def test_figures_work_without_streamlit():
    command = [sys.executable, "-c", "import sys, ui.figures; sys.exit('streamlit' in sys.modules)"]
    assert subprocess.run(command, cwd=Path(__file__).parent.parent, check=False).returncode == 0

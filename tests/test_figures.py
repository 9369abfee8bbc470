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
from ui.figures import (
    MOST_FRAMES,
    animated_figure,
    distance_figure,
    gradient_norm_figure,
    loss_figure,
    path_figure,
)
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


def test_loss_figure_is_above_the_minimum():
    t = descend("easom", "gradient_descent", start=(3.0, 3.0), steps=4)  # the minimum is −1
    (line,) = lines(loss_figure(t))
    np.testing.assert_allclose(line.y, t.losses + 1, rtol=1e-12)


def test_animated_figure_moves_each_run_along_its_own_iterates(halving, diverging):
    figure = animated_figure(halving, diverging, names=["one", "two"])
    steps = [int(frame.name) for frame in figure.frames]
    assert steps == list(range(diverging.length + 1))  # the longer run has fewer than MOST_FRAMES
    for step, frame in zip(steps, figure.frames, strict=True):
        for place, run in enumerate((halving, diverging)):
            trail, ball, curve, dot = frame.data[4 * place : 4 * place + 4]
            row = min(step, run.length)  # after its end a run stands there
            points, losses = np.clip(run.points, -1e30, 1e30), np.minimum(run.losses, 1e30)
            np.testing.assert_allclose(np.stack([trail.x, trail.y], 1), points[: row + 1], rtol=1e-6, atol=1e-30)
            np.testing.assert_allclose([ball.x[0], ball.y[0]], points[row], rtol=1e-6, atol=1e-30)
            np.testing.assert_allclose(curve.y, losses[: row + 1], rtol=1e-6)
            assert (dot.x[0], len(curve.x)) == (row, row + 1)
        named = [traces(figure)[trace].name for trace in frame.traces]
        assert named == ["one"] * 4 + ["two"] * 4


def test_animated_figure_keeps_its_axes_and_opens_at_the_end(diverging):
    long = descend("ravine", "gradient_descent", steps=400, learning_rate=0.01)
    figure = animated_figure(long)
    layout: Any = figure.layout
    assert len(figure.frames) == MOST_FRAMES and figure.frames[-1].name == str(long.length)
    assert (tuple(layout.xaxis.range), tuple(layout.yaxis.range)) == long.landscape.domain
    low, high = layout.yaxis2.range
    assert low < np.log10(long.losses).min() and high > np.log10(long.losses).max()
    assert all(frame.layout.xaxis.range is None for frame in figure.frames)  # no frame rescales
    trail = traces(figure)[figure.frames[0].traces[0]]
    assert len(trail.x) == long.length + 1
    (menu,) = layout.updatemenus
    assert [button.label for button in menu.buttons] == ["Play", "Pause"]
    text = animated_figure(diverging, theme="dark").to_html(include_plotlyjs=False)
    assert "Infinity" not in text and "NaN" not in text


def test_animated_figure_of_a_run_without_steps_stands_still():
    figure = animated_figure(descend("bowl", "gradient_descent", steps=0))
    assert [frame.name for frame in figure.frames] == ["0"]

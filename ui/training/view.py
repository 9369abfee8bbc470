"""What the Networks page says and draws of a training beside the stage."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from networks import find_task
from ui.jobs import Standing
from ui.numbers import number
from ui.palette import Theme
from ui.training.controls import PAGE
from ui.training.scenario import NetworkScenario
from ui.training.work import Picture, Pictures, Run, Shown, region_axes

LITTLE, MOST = 0.1, 0.9
"""Below the first share of its variance a plane hides a path; above the second it shows most of it."""


def progress_words(standing: Standing[Pictures]) -> str:
    """How far a job is, in words."""
    if standing.state == "waiting":
        place = standing.place
        return "Next in the queue." if place == 1 else f"Number {place} in the queue."
    left = "" if standing.left is None else f" · about {max(1, round(standing.left))} s left"
    return f"{standing.doing[:1].upper()}{standing.doing[1:]}{left}"


def remark(
    scenario: NetworkScenario, asked: NetworkScenario | None, standing: Standing[Pictures] | None, shown: Shown | None
) -> None:
    """Where what is shown is not what is set: why, and what to do."""
    earlier = " What is shown is the training before." if shown is not None else ""
    if standing is not None and standing.state == "failed":
        told = f"This cannot be shown: {standing.error}.{earlier}"
    elif standing is not None and standing.state == "refused":
        told = f"Too many trainings are waiting: press Train again in a while.{earlier}"
    elif asked is None:
        told = f"Cancelled. Train begins again.{earlier}"
    elif standing is not None and standing.state in ("waiting", "running"):
        told = "Until it is done the training before is shown." if shown is not None else ""
    else:
        told = "The settings have changed since: press Train." if differ(asked, scenario) else ""
    alert = 'class="refused" role="alert"' if standing is not None and standing.error else 'class="run" role="status"'
    if told:
        st.html(f"<div {alert}><p>{escape(told)}</div>")


def differ(asked: NetworkScenario, scenario: NetworkScenario) -> bool:
    """Whether another training is set than the one that is asked for."""
    view = {name: getattr(asked, name) for name in ("plane", "normalise", "extent", "curve")}
    return replace(scenario, **view) != asked


COLUMNS = ("Steps", "Training loss", "Test loss", "Right in training", "Right in the test", "Plane holds", "Parameters")


def words(shown: Shown) -> None:
    """The runs in numbers, and what the planes show of them and what they hide."""
    runs = shown.runs
    if len(runs) == 1:
        cells = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in _facts(runs[0]).items())
        st.html(f'<div class="run"><dl>{cells}</dl></div>')
    else:
        st.html(_table(runs))
    told = [about_plane(runs[0])] if len(runs) == 1 else [about_planes(runs)]
    told += [_about_line(picture) for picture in shown.pictures if picture.between is not None]
    told.append("The ball stands at the height of the plane's loss; the loss curve is that of the run itself.")
    st.html(f'<div class="run" role="status"><p>{escape(" ".join(told))}</div>')


def _facts(run: Run) -> dict[str, str]:
    made, status = int(run.numbers[-1]), {"diverged": "▲ Diverged", "finished": "✓ Trained"}.get(run.status, run.status)
    values = (
        f"{made:,}" + (f" of {run.steps:,}" if made < run.steps else ""),
        f"{number(run.train_losses[0])} → {number(run.train_losses[-1])}",
        f"{number(run.test_losses[0])} → {number(run.test_losses[-1])}",
        f"{run.train_accuracies[-1]:.1%}",
        f"{run.test_accuracies[-1]:.1%}",
        f"{run.share:.1%} of the path" if np.isfinite(run.share) else "no path",
        f"{run.count:,}",
    )
    return {"Training": status, **dict(zip(COLUMNS, values, strict=True))}


def _table(runs: Sequence[Run]) -> str:
    """Several runs in numbers, a row each."""
    facts = [_facts(run) for run in runs]
    head = "".join(f'<th scope="col">{escape(name)}' for name in ("Run", *facts[0]))
    rows = "".join(
        f'<tr><th scope="row">{escape(run.label)}' + "".join(f"<td>{escape(value)}" for value in each.values())
        for run, each in zip(runs, facts, strict=True)
    )
    named = 'role="region" aria-label="The runs in numbers" tabindex="0"'
    return f'<div class="trained" {named}><table><thead><tr>{head}<tbody>{rows}</table></div>'


def about_plane(run: Run) -> str:
    """How much of a run its plane shows, in a sentence or two."""
    if not np.isfinite(run.share):
        return "The path does not move."
    furthest = int(run.distances.argmax())
    told = (
        f"This plane holds {run.share:.1%} of the variance of the path; at step {run.numbers[furthest]:,} it is "
        f"furthest from the plane, by {number(run.distances[furthest])}, and from its start it goes as far as "
        f"{number(run.travelled.max())}."
    )
    if run.share < LITTLE:
        return f"{told} So the slice shows the loss around the end, and of the way there next to nothing."
    if run.share < MOST:
        return f"{told} So the slice is a part of the story: the rest happens in directions that it does not show."
    return told


def about_planes(runs: Sequence[Run]) -> str:
    """How much of several runs is shown, in a sentence or two."""
    least = min(runs, key=lambda run: run.share if np.isfinite(run.share) else 2)
    if not np.isfinite(least.share):
        return "The paths do not move."
    furthest = int(least.distances.argmax())
    hides = "" if least.share >= MOST else " What happens in other directions a slice does not show."
    return (
        f"Least is shown of the path of {least.label}, {least.share:.1%} of its variance: at step "
        f"{least.numbers[furthest]:,} it is {number(least.distances[furthest])} from the plane.{hides}"
    )


def _about_line(picture: Picture) -> str:
    between = picture.between
    assert between is not None
    first, second = (run.label for run in picture.runs[:2])
    if between.barrier > 0.1 * max(between.losses[0], between.losses[-1], 1e-3):
        return (
            f"On the straight way from {first} to {second} the loss rises by {number(between.barrier)} above its ends: "
            "the two minima are not connected by a line."
        )
    return f"On the straight way from {first} to {second} no barrier stands: the loss stays near that of the ends."


def charts(shown: Shown, theme: Theme) -> None:
    """The runs as charts, and on a plane of inputs what the networks say."""
    from ui.training import figures  # a second to import, which the stage does not have to wait for

    runs = shown.runs
    right = [(run.label, run.numbers, values) for run in runs for values in (run.train_accuracies, run.test_accuracies)]
    away = [(run.label, run.numbers, values) for run in runs for values in (run.distances, run.travelled)]
    places, thin = [place for place, _ in enumerate(runs) for _ in (0, 1)], [False, True] * len(runs)
    drawn = _regions(shown, figures, theme) | {
        "distance": figures.step_figure("Distance from the plane (dotted: from the start)", away, theme, places, thin),
        "accuracy": figures.step_figure("Right in training (dotted: in the test)", right, theme, places, thin, True),
    }
    for place, picture in enumerate(shown.pictures):
        if picture.between is not None:
            drawn[f"line{place}"] = figures.line_figure(*picture.between[:3], theme)
    items, wide = list(drawn.items()), 3 if len(drawn) in (3, 6) else 2
    for first in range(0, len(items), wide):
        for column, (name, figure) in zip(st.columns(wide), items[first : first + wide], strict=False):
            with column:
                st.plotly_chart(figure, key=f"{PAGE}chart_{name}", theme=None, config={"displayModeBar": False})


def _regions(shown: Shown, figures: Any, theme: Theme) -> dict[str, Any]:
    """For each run what its network says of the places on a plane of inputs; none where there are more inputs."""
    task = find_task(shown.scenario.task)
    if not task.is_plane:
        return {}
    examples = [("training", task.inputs, task.labels), ("test", task.test_inputs, task.test_labels)]
    drawn = {}
    for place, run in enumerate(shown.runs):
        title = "What the network says" if len(shown.runs) == 1 else f"What it says: {run.label}"
        drawn[f"regions{place}"] = figures.regions_figure(title, *region_axes(task), run.regions, examples, theme)
    return drawn

"""What the Networks page says and draws of a training beside the stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain

import numpy as np
import streamlit as st

from networks import find_task
from ui.jobs import Standing
from ui.networks_controls import PAGE
from ui.networks_scenario import NetworkScenario
from ui.networks_work import Picture, Pictures, Run, region_axes
from ui.numbers import number
from ui.palette import Theme

LITTLE, MOST = 0.1, 0.9
"""Below the first share of its variance a plane hides a path; above the second it shows most of it."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What is on the page: the pictures, and the scenario that they are of."""

    scenario: NetworkScenario
    pictures: Pictures

    @property
    def runs(self) -> list[Run]:
        """All runs that are shown."""
        return list(chain.from_iterable(picture.runs for picture in self.pictures))


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
        told = "The settings have changed since: press Train." if _trained(asked) != _trained(scenario) else ""
    alert = 'class="refused" role="alert"' if standing is not None and standing.error else 'class="run" role="status"'
    if told:
        st.html(f"<div {alert}><p>{escape(told)}</div>")


def _trained(scenario: NetworkScenario) -> tuple[object, ...]:
    return scenario.task, scenario.sides, scenario.steps, scenario.seed, scenario.twists


def words(picture: Picture) -> None:
    """The runs in numbers, and what the plane shows of them and what it hides."""
    st.html("".join(_facts(run, alone=len(picture.runs) == 1) for run in picture.runs))
    told = [about_plane(run, alone=len(picture.runs) == 1) for run in picture.runs]
    if picture.between is not None:
        told.append(_about_line(picture))
    told.append("The ball stands at the height of the plane's loss; the loss curve is that of the run itself.")
    st.html(f'<div class="run" role="status"><p>{escape(" ".join(told))}</div>')


def _facts(run: Run, alone: bool) -> str:
    made, status = int(run.numbers[-1]), {"diverged": "▲ Diverged", "finished": "✓ Trained"}.get(run.status, run.status)
    facts = {
        "Training": status if alone else f"{status}: {run.label}",
        "Steps": f"{made:,}" + (f" of {run.steps:,}" if made < run.steps else ""),
        "Training loss": f"{number(run.train_losses[0])} → {number(run.train_losses[-1])}",
        "Test loss": f"{number(run.test_losses[0])} → {number(run.test_losses[-1])}",
        "Right in training": f"{run.train_accuracies[-1]:.1%}",
        "Right in the test": f"{run.test_accuracies[-1]:.1%}",
        "Parameters": f"{run.count:,}",
    }
    cells = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in facts.items())
    return f'<div class="run networks"><dl>{cells}</dl></div>'


def about_plane(run: Run, alone: bool) -> str:
    """How much of a run its plane shows, in a sentence or two."""
    who = "the path" if alone else run.label
    if not np.isfinite(run.share):
        return f"{who[0].upper()}{who[1:]} does not move."
    furthest = int(run.distances.argmax())
    told = (
        f"This plane holds {run.share:.1%} of the variance of {who if alone else f'the path of {who}'}; at step "
        f"{run.numbers[furthest]:,} it is furthest from the plane, by {number(run.distances[furthest])}, and from its "
        f"start it goes as far as {number(run.travelled.max())}."
    )
    if run.share < LITTLE:
        return f"{told} So the slice shows the loss around the end, and of the way there next to nothing."
    if run.share < MOST:
        return f"{told} So the slice is a part of the story: the rest happens in directions that it does not show."
    return told


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
    from ui import networks_figures as figures  # a second to import, which the stage does not have to wait for

    runs = shown.runs
    right = [(_named(run, name, runs), run.numbers, values) for run in runs for name, values in _accuracies(run)]
    away = [(_named(run, name, runs), run.numbers, values) for run in runs for name, values in _distances(run)]
    places, thin = [place for place, _ in enumerate(runs) for _ in (0, 1)], [False, True] * len(runs)
    drawn = {
        "distance": figures.step_figure("Distance in all dimensions", away, theme, places, thin),
        "accuracy": figures.step_figure("Share of examples that are right", right, theme, places, thin, share=True),
    }
    for place, picture in enumerate(shown.pictures):
        if picture.between is not None:
            between = picture.between
            name = f"line{place}"
            drawn[name] = figures.line_figure(between.shares, between.losses, between.test_losses, theme)
    task = find_task(shown.scenario.task)
    if task.is_plane:
        examples = [("training", task.inputs, task.labels), ("test", task.test_inputs, task.test_labels)]
        for place, run in enumerate(runs):
            if run.regions is not None:
                title = "What it says" + (f": {run.label}" if len(runs) > 1 else "")
                drawn[f"regions{place}"] = figures.regions_figure(
                    title, *region_axes(task), run.regions, examples, theme
                )
    for row in _rows(list(drawn.items()), 2):
        for column, (name, figure) in zip(st.columns(2), row, strict=False):
            with column:
                st.plotly_chart(figure, key=f"{PAGE}chart_{name}", theme=None, config={"displayModeBar": False})


def _rows(items: Sequence, width: int) -> list[Sequence]:
    return [items[at : at + width] for at in range(0, len(items), width)]


def _named(run: Run, name: str, runs: Sequence[Run]) -> str:
    return name if len(runs) == 1 else f"{run.label}: {name}"


def _accuracies(run: Run) -> list[tuple[str, np.ndarray]]:
    return [("training", run.train_accuracies), ("test", run.test_accuracies)]


def _distances(run: Run) -> list[tuple[str, np.ndarray]]:
    return [("from the plane", run.distances), ("from the start", run.travelled)]

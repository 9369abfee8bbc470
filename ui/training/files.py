"""What can be taken away from trainings: tables, and the Python that makes them again. Knows no Streamlit."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from networks import Edge
from ui.training.scenario import NetworkScenario
from ui.training.trainings import settings_of
from ui.training.work import Run, Shown

COLUMNS = (
    "run", "step", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "distance_from_plane",
    "distance_from_start", "sharpness", "limit",
)  # fmt: skip
"""Of a row. Sharpness and its limit are known at some steps only, and not at all unless they were asked for."""


@dataclass(frozen=True, eq=False)
class Taken:
    """What is taken away.

    Attributes:
        shown: the trainings.
        edges: of each run its sharpness; empty where nobody asked for it.
        link: the address that opens them.
    """

    shown: Shown
    edges: Sequence[Edge]
    link: str

    @property
    def scenario(self) -> NetworkScenario:
        """What was trained how."""
        return self.shown.scenario

    @property
    def stem(self) -> str:
        """The beginning of the names of its files."""
        return "-".join(["downhill", self.scenario.task, *(side.optimizer for side in self.scenario.sides)])

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{', '.join(run.label for run in self.shown.runs)} on {self.shown.title}"


def settings(taken: Taken, run: Run) -> dict[str, Any]:
    """Everything that decides a run, by the names that `networks.train` and `network_for` have for it."""
    side = run.side
    return {
        "task": taken.scenario.task,
        "widths": list(side.widths),
        "activation": side.activation,
        "initialisation": side.initialisation,
        "optimizer": side.optimizer,
        "steps": run.steps,
        "seed": run.seed,
        **settings_of(taken.scenario, side),
    }


def csv_text(taken: Taken) -> str:
    """The rows of all runs below one another; the lines before the header begin with # and hold settings and link."""
    out = io.StringIO()
    out.write(f"# {taken.title}\n# {taken.link}\n")
    for run in taken.shown.runs:
        out.write(f"# {run.label}: {json.dumps(settings(taken, run))}\n")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for place, run in enumerate(taken.shown.runs):
        columns = _columns(taken, place).values()
        for row in zip(*columns, strict=True):
            table.writerow([run.label, *("" if value is None else value for value in row)])
    return out.getvalue()


def json_text(taken: Taken) -> str:
    """All runs with their settings and rows, and the link; what is not finite is null."""
    runs = [
        {"name": run.label, "settings": settings(taken, run), "status": run.status, **_columns(taken, place)}
        for place, run in enumerate(taken.shown.runs)
    ]
    return json.dumps({"title": taken.title, "link": taken.link, "runs": runs}, allow_nan=False) + "\n"


def _columns(taken: Taken, place: int) -> dict[str, list[float | None]]:
    """The rows of a run by column, but for its name; None where a number is not known or not finite."""
    run = taken.shown.runs[place]
    beside = np.full((len(run.numbers), 2), np.nan)
    if taken.edges:
        edge = taken.edges[place]
        beside[np.searchsorted(run.numbers, edge.numbers)] = np.column_stack([edge.sharpness, edge.limits])
    values = (
        run.train_losses, run.test_losses, run.train_accuracies, run.test_accuracies, run.distances, run.travelled,
        *beside.T,
    )  # fmt: skip
    columns = {name: _plain(each) for name, each in zip(COLUMNS[2:], values, strict=True)}
    return {"step": run.numbers.tolist(), **columns}


def _plain(values: np.ndarray) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def script(taken: Taken) -> str:
    """The Python that trains the same again, with this project on its path; it leaves `trainings`, one for each run."""
    calls = "\n".join(_call(taken, run) for run in taken.shown.runs)
    return f'''"""{taken.title}.

{taken.link}
Run it in a folder that holds Downhill, with what its requirements.txt names.
"""

from networks import edge, find_task, network_for, train

trainings = [
{calls}
]

for training in trainings:
    along = edge(training)
    print(f"{{training.optimizer.title}}: {{training.status}} after {{training.length:,}} steps")
    print(f"  training loss {{training.train_losses[-1]:.6g}}, test loss {{training.test_losses[-1]:.6g}}")
    print(f"  right in the test {{training.test_accuracies[-1]:.1%}}, sharpness {{along.sharpness[-1]:.6g}}")
'''


def _call(taken: Taken, run: Run) -> str:
    told = settings(taken, run)
    task, optimizer, widths = told.pop("task"), told.pop("optimizer"), tuple(told.pop("widths"))
    shape = f"{widths!r}, {told.pop('activation')!r}, {told.pop('initialisation')!r}"
    rest = "".join(f"        {name}={value!r},\n" for name, value in told.items())
    return f"""    train(
        {task!r},
        network_for(find_task({task!r}), {shape}),
        {optimizer!r},
{rest}    ),"""

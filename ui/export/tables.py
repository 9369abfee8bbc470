"""Runs as tables: CSV for a spreadsheet, JSON for a program. Every number in full, every setting beside it."""

import csv
import io
import json
import math
from typing import Any

from engine import Trajectory, diagnose
from ui.export import Subject

COLUMNS = (
    "run", "step", "x", "y", "loss", "gradient_x", "gradient_y", "learning_rate", "evaluations", "clipped", "skipped",
)  # fmt: skip
"""Of a row; the last ones but the evaluations are of the step that follows it."""


def csv_text(subject: Subject) -> str:
    """The rows of all runs below one another; the lines before the header begin with # and hold settings and link."""
    out = io.StringIO()
    out.write(f"# {_one_line(subject.title)}\n# {_one_line(subject.link)}\n")
    for run, name in zip(subject.runs, subject.names, strict=True):
        out.write(f"# {_one_line(name)}: {json.dumps(settings(run))}\n")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for run, name in zip(subject.runs, subject.names, strict=True):
        for row in range(run.length + 1):
            follows = row < run.steps
            rate = run.learning_rates[row] if follows else math.nan
            numbers = (*run.points[row], run.losses[row], *run.gradients[row])
            table.writerow([
                name, row, *(repr(float(value)) for value in numbers), "" if math.isnan(rate) else repr(float(rate)),
                int(run.evaluations[row]), *([int(run.clipped[row]), int(run.skipped[row])] if follows else ["", ""]),
            ])  # fmt: skip
    return out.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def json_text(subject: Subject) -> str:
    """All runs with their settings, verdicts and rows, and the link."""
    runs = [_described(run, name) for run, name in zip(subject.runs, subject.names, strict=True)]
    return json.dumps({"title": subject.title, "link": subject.link, "runs": runs}, allow_nan=False) + "\n"


def settings(run: Trajectory) -> dict[str, Any]:
    """Everything that decides a run, as `descend` takes it; a formula in place of a key where it was typed."""
    changes = {"rate_changes": [list(change) for change in run.rate_changes]} if run.rate_changes else {}
    return {
        "landscape": run.landscape.formula or run.landscape.key,
        "optimizer": run.optimizer.key,
        "start": list(run.start),
        "steps": run.steps,
        "seed": run.seed,
        **changes,
        **run.parameters,
        **run.settings,
        **run.twists.keywords(),
    }


def _described(run: Trajectory, name: str) -> dict[str, Any]:
    found, rows = diagnose(run), slice(run.length + 1)
    rates = [None if math.isnan(rate) else float(rate) for rate in run.learning_rates[: run.length + 1]]
    return {
        "name": name,
        "settings": settings(run),
        "status": run.status,
        "verdict": found.verdict,
        "reason": found.reason,
        "points": run.points[rows].tolist(),
        "losses": run.losses[rows].tolist(),
        "gradients": run.gradients[rows].tolist(),
        "learning_rates": rates,
        "evaluations": run.evaluations[rows].tolist(),
        "clipped": run.clipped[rows].tolist(),
        "skipped": run.skipped[rows].tolist(),
    }

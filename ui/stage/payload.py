"""What the stage is sent for a set of runs on one landscape."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from engine import Trajectory, diagnose
from engine.twin import parting, twin
from ui.display import Axis, Curve, CurveScale, curve, display, relief
from ui.look import PLAIN, Look
from ui.numbers import number, point
from ui.outcome import held_out_losses, task_losses
from ui.palette import SERIES
from ui.stage.batches import batches_address
from ui.stage.binary import pack
from ui.stage.fan import fan_addresses, verdict_told
from ui.stage.rows import exits, share, within_reach
from ui.stage.surface import surface_address
from ui.stage.swarm import Swarm
from ui.stage.track import run_query
from ui.twists import in_words

LIT = 16
"""Of so many examples, at most, those that a step looks at are lit."""

INK = 2
"""The series in black or white, in which a run is drawn that another one is held against."""

TASKS = ("first_task", "second_task")
"""The rows of a run's losses on two tasks, where they are trained one after the other."""

FAN_ROWS, SHARED_FAN_ROWS = 500, 300
"""How many steps of each run the dial has at hand when it drives one run, and when it drives several."""


def pack_runs(
    runs: Sequence[Trajectory],
    received: int,
    dial: Sequence[int] = (),
    *,
    labels: Sequence[str] | None = None,
    layout: str = "race",
    swarm: Swarm | None = None,
    scale: CurveScale = "log",
    look: Look = PLAIN,
) -> bytes:
    """The runs on one landscape as the stage reads them.

    Args:
        runs: the runs; 13 bytes a step: x, y and loss in three, height and ordinate as 16-bit shares of axes.
        received: the number of the last thing that the stage sent.
        dial: the places of the runs that the dial drives.
        labels: what the runs are called; the titles of their optimizers when not given.
        layout: "race" for one picture of all runs, "side" for a small one of each.
        swarm: the many runs that go along as small balls.
        scale: of the loss curve; with "held_out" it comes with each run.
        look: what is switched on in the stage.
    """
    landscape, parameters = runs[0].landscape, runs[0].parameters
    names = [_name(run) for run in runs] if labels is None else labels
    other = twin(runs[0]) if len(runs) == 1 and runs[0].twists.narrow else None
    both = [*runs] if other is None else [*runs, other]
    drawn = curve(landscape, parameters, [run.losses[: run.length + 1] for run in both], scale)
    rows = FAN_ROWS if len(dial) == 1 else SHARED_FAN_ROWS
    described = [_described(run, place, name) for place, (run, name) in enumerate(zip(runs, names, strict=True))]
    drawn_runs = [(one, _rows(run, drawn)) for one, run in zip(described, runs, strict=True)]
    twins: dict[str, np.ndarray] = {}
    if other is not None:
        drawn_rows = _rows(other, drawn)
        twins = {f"{name}_twin": drawn_rows[name] for name in ("x", "y", "loss", "height", "ordinate")}
    more = {
        "layout": layout,
        "swarm": None if swarm is None else swarm._asdict(),
        "dial": [_driven(runs[place], place, rows, scale) for place in dial],
        "twin": None if other is None else _twin(runs[0], other),
    }
    return pack_stage(surface_address(landscape, parameters), drawn.axis, drawn_runs, received, look, more, twins)


Drawn = tuple[Mapping[str, Any], Mapping[str, np.ndarray]]
"""A run as it is drawn: what is said of it, and its rows."""


def pack_stage(
    surface: str,
    axis: Axis,
    runs: Sequence[Drawn],
    received: int,
    look: Look,
    more: Mapping[str, Any],
    beside: Mapping[str, np.ndarray],
) -> bytes:
    """What the stage reads, whatever its surface and its runs are known from.

    Args:
        surface: where the browser fetches it.
        axis: that of the loss curve.
        runs: the runs.
        received: the number of the last thing that the stage sent.
        look: what is switched on in the stage.
        more: what else the header says.
        beside: arrays that belong to no run.
    """
    header = {
        "surface": surface,
        "received": received,
        "layout": "race",
        "look": asdict(look),
        "swarm": None,
        "dial": [],
        "twin": None,
        "curve": {
            "title": axis.title,
            "ticks": [[round(float(axis.unit(np.array(at))), 8), text] for at, text in axis.ticks],
            "low": axis.low,
            "high": axis.high,
        },
        "runs": [described for described, _ in runs],
        **more,
    }
    arrays = {f"{name}{place}": array for place, (_, rows) in enumerate(runs) for name, array in rows.items()}
    return pack(header, {**arrays, **beside})


def _name(run: Trajectory) -> str:
    """What a run alone is called."""
    return run.optimizer.title + (f" in {run.twists.precision}" if run.twists.narrow else "")


def _twin(run: Trajectory, other: Trajectory) -> dict[str, Any]:
    """The float64 twin of a run as it is drawn beside it, and the row of the run at which they part, or None."""
    row = parting(run, other)
    parted = None if row is None or row > run.length else row
    return {**_described(other, INK, "float64 twin"), "batches": None, "parted": parted, "of": run.twists.precision}


def _rows(run: Trajectory, scale: Curve) -> dict[str, np.ndarray]:
    points, losses = within_reach(run.points[: run.length + 1]), run.losses[: run.length + 1]
    axis = relief(run.landscape, run.parameters).axis
    limit = np.finfo(np.float32).max
    twisted = {}
    if run.twists.scheduled:
        twisted["rate"] = share(run.learning_rates / np.nanmax(run.learning_rates))
    if run.twists.batch_size and run.landscape.examples <= LIT:
        bits = 1 << np.arange(run.landscape.examples)
        twisted["batch"] = (run.mini_batches @ bits).astype(np.uint16)
    unseen = held_out_losses(run) if scale.units == "decades" else None
    if unseen is not None:
        twisted["held_out"] = share(scale.ordinates(unseen), inside=1)
    tasks = task_losses(run) if scale.units == "tasks" else None
    for name, losses_there in zip(TASKS, tasks.values() if tasks else (), strict=False):
        twisted[name] = share(scale.ordinates(losses_there), inside=1)
    if run.skipped.any():
        twisted["skipped"] = run.skipped.astype(np.uint16)
    if run.clipped.any():
        twisted["clipped"] = run.clipped.astype(np.uint16)
    return twisted | {
        "x": three_bytes(points[:, 0]),
        "y": three_bytes(points[:, 1]),
        "loss": three_bytes(np.clip(losses, -limit, limit)),
        "height": share(axis.unit(display(run.landscape.at(run.parameters), losses))),
        "ordinate": share(scale.ordinates(losses), inside=1),
    }


def three_bytes(values: np.ndarray) -> np.ndarray:
    """Float32 without the last of its four bytes: the stage prints four digits of the 16 bits of mantissa that stay.

    A pixel of the plane is as fine as that only where it is zoomed in some hundred times.
    """
    whole = np.ascontiguousarray(values, "<f4").view(np.uint32)
    rounded = np.minimum(whole.astype(np.uint64) + 0x80, np.where(whole >> 31, 0xFF7FFFFF, 0x7F7FFFFF)).astype("<u4")
    rounded = np.where(np.isnan(values), whole, rounded)
    return rounded.view(np.uint8).reshape(-1, 4)[:, 1:]


def _described(run: Trajectory, place: int, label: str) -> dict[str, Any]:
    left = leaves_map(run)
    diagnosis = diagnose(run)
    return {
        "label": label,
        **signs(place),
        "query": run_query(run),
        "batches": batches_address(run),
        "start": list(run.start),
        "changes": run.rate_changes,
        "tasks": _tasks(run),
        "epoch": int(run.epochs[1]) if run.twists.batch_size and len(run.epochs) > 1 else None,
        "steps": run.steps,
        "length": run.length,
        "status": run.status,
        "verdict": verdict_told(diagnosis.verdict),
        "reason": diagnosis.reason,
        "left": left,
        "not_finite": run.length + 1 if run.status == "diverged" else None,
        "summary": summary(run, "" if label == _name(run) else label),
    }


def _tasks(run: Trajectory) -> dict[str, Any] | None:
    """What the tasks are called that a run trains one after the other, and from which step on the second is."""
    losses = task_losses(run)
    return None if losses is None else {"names": list(losses), "change": run.parameters["task_change"]}


def signs(place: int) -> dict[str, Any]:
    """How the run in this place is told from the others."""
    series = SERIES[place % len(SERIES)]
    return {"colours": series.colours, "dash": series.dash, "marker": series.marker}


def _driven(run: Trajectory, place: int, rows: int, scale: CurveScale) -> dict[str, Any]:
    """What the dial needs to know of a run: its learning rate, the knob's sweep and limits, and where its fans are."""
    knob = run.optimizer.knobs.get("learning_rate")
    if knob is None:
        return {"run": place, "title": run.optimizer.title, "knob": None}
    low, high = knob.limits
    return {
        "run": place,
        "title": run.optimizer.title,
        "rate": run.settings["learning_rate"],
        "knob": {"low": knob.low, "high": knob.high, "scale": knob.scale, "lowest": low, "highest": high},
        "fan": fan_addresses(run, rows, scale),
    }


def leaves_map(run: Trajectory) -> dict[str, Any] | None:
    """The first step that ends outside the landscape's domain, and the point where its segment crosses the edge.

    None for a run that stays on the map. For a start that is outside already: step 0 and the start itself.
    """
    (step,), (crossing,) = exits(run.points[None, : run.length + 1], run.landscape.domain)
    if step < 0:
        return None
    return {"step": int(step), "point": crossing.tolist() if step else list(run.start)}


def summary(run: Trajectory, label: str = "") -> str:
    """The run in one sentence, by its label if it has one, for everyone who cannot or does not watch it."""
    of_start = math.isfinite(run.losses[0])
    events = []
    if of_start:
        events.append(f"loss {number(run.losses[0])} to {number(run.losses[run.length])}")
    unseen = held_out_losses(run)
    if of_start and unseen is not None:
        events.append(f"held-out loss {number(unseen[0])} to {number(unseen[-1])}")
    events += _forgotten(run) if of_start else []
    left = leaves_map(run)
    if left is not None:
        events.append(f"left the map at step {left['step']}" if left["step"] else "the start is outside the map")
    if run.status == "diverged":
        events.append(f"not finite at step {run.length + 1}" if of_start else "no finite loss at the start")
    elif run.status == "converged":
        events.append("at a minimum")
    else:
        events.append("still running" if run.length == run.steps else "at rest, but not at a minimum")
    if clipped := int(run.clipped.sum()):
        events.append(f"{clipped} steps clipped" if clipped > 1 else "1 step clipped")
    if left_out := int(run.skipped.sum()):
        events.append(f"{left_out} steps left out" if left_out > 1 else "1 step left out")
    steps = f"{run.length} of {run.steps} steps" if run.length < run.steps else f"{run.steps} steps"
    name = " with ".join(part for part in (label or run.optimizer.title, _beside(run)) if part)
    if of_start and not run.steps:
        return f"{name} on {run.landscape.title} from {point(run.start)}, loss {number(run.losses[0])}."
    return f"{name} on {run.landscape.title} from {point(run.start)}, {steps}: {'; '.join(events)}."


def _forgotten(run: Trajectory) -> list[str]:
    """What a run loses on each of two tasks when the second takes over, and at its end."""
    losses, change = task_losses(run) or {}, int(run.parameters.get("task_change", 0))
    if not losses or not 0 < change <= run.length:
        return []
    return [
        f"{name} {number(values[change])} when the task changes, {number(values[-1])} at the end"
        for name, values in losses.items()
    ]


def _beside(run: Trajectory) -> str:
    """What is added to the optimizer's rule, in words."""
    said = {name: value for name, value in run.twists.keywords().items() if name != "schedule_steps"}
    return in_words(said)

"""Writes what is made from the registries into README.md, docs/catalogue.md and docs/model.md.

The registries are the only list; what stands between two `<!-- catalogue -->` marks is made from them by
`python docs/catalogue.py`, and a test compares it with what this makes.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from knobs import Knob  # noqa: E402
from landscapes import CHAPTERS, LANDSCAPES, Landscape  # noqa: E402
from landscapes.base import Point  # noqa: E402
from optimizers import FAMILIES, OPTIMIZERS, SCHEDULES  # noqa: E402

LISTED = 9
"""How many points of a kind are written out."""

MARKED = re.compile(r"(<!-- catalogue: (\w+) -->\n).*?(<!-- end -->)", re.S)


def overview() -> str:
    """One table with a row for each chapter and each family, keys in code."""
    rows = [(name, [key for key, entry in LANDSCAPES.items() if entry.chapter == name]) for name in CHAPTERS]
    families = [(name, [key for key, entry in OPTIMIZERS.items() if entry.family == name]) for name in FAMILIES]
    lines = [f"| {len(LANDSCAPES)} surfaces | |", "|---|---|", *map(_row, rows), ""]
    return "\n".join([*lines, f"| {len(OPTIMIZERS)} optimizers | |", "|---|---|", *map(_row, families)])


def _row(chapter: tuple[str, list[str]]) -> str:
    name, keys = chapter
    return f"| {name} | {', '.join(f'`{key}`' for key in keys)} |"


def landscapes() -> str:
    """One table a chapter: title, key, parameters, what one sees, source."""
    return _sections(CHAPTERS, "chapter", LANDSCAPES.values(), "parameters")


def optimizers() -> str:
    """One table a family: title, key, knobs, what one sees, source."""
    return _sections(FAMILIES, "family", OPTIMIZERS.values(), "knobs")


def _sections(names: Iterable[str], attribute: str, entries: Iterable[Any], numbers: str) -> str:
    sections = []
    for name in names:
        rows = [_entry(entry, getattr(entry, numbers)) for entry in entries if getattr(entry, attribute) == name]
        head = "| | key | numbers to turn | what one sees | source |", "|---|---|---|---|---|"
        sections.append("\n".join([f"### {name}", "", *head, *rows]))
    return "\n\n".join(sections)


def _entry(entry: Any, knobs: Mapping[str, Knob]) -> str:
    numbers = ", ".join(f"{name} {knob.default:g}" for name, knob in knobs.items())
    cells = (entry.title, f"`{entry.key}`", numbers, entry.teaches, entry.source)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def equations() -> str:
    """The formula of every surface, with its map, its known points, its conventions and its source."""
    return "\n\n".join(map(_surface, LANDSCAPES.values()))


def _surface(entry: Landscape) -> str:
    (left, right), (bottom, top) = entry.domain
    numbers = ", ".join(f"`{name}` {knob.default:g}" for name, knob in entry.parameters.items())
    facts = [
        f"Map {left:g} to {right:g} by {bottom:g} to {top:g}, start {_point(entry.start)}",
        f"minimum {entry.minimum:.6g} at {_points(entry.minima)}" if entry.minima else "",
        f"on a curve of minima, {entry.minima_curve}" if entry.minima_curve else "",
        f"local minima {_points(entry.local_minima)}" if entry.local_minima else "",
        f"saddles {_points(entry.saddles)}" if entry.saddles else "",
        f"numbers to turn: {numbers}" if numbers else "",
    ]
    of = ", ".join(entry.axes).replace("₁", "_1").replace("₂", "_2")
    parts = [
        f"#### {entry.title} (`{entry.key}`)",
        f"```math\nf({of}) = {entry.tex}\n```",
        f"{'; '.join(filter(None, facts))}.",
        entry.notes,
        f"Source: {entry.source}.",
    ]
    return "\n\n".join(filter(None, parts))


def _point(place: Point) -> str:
    return f"({place[0]:.6g}, {place[1]:.6g})"


def _points(places: tuple[Point, ...]) -> str:
    rest = f" and {len(places) - LISTED} more" if len(places) > LISTED else ""
    return ", ".join(map(_point, places[:LISTED])) + rest


def rules() -> str:
    """The rule of every optimizer, with its conventions and its source."""
    return "\n\n".join(map(_rule, OPTIMIZERS.values()))


def schedules() -> str:
    """The share of every schedule, with its conventions and its source."""
    return "\n\n".join(map(_rule, SCHEDULES.values()))


def _rule(entry: Any) -> str:
    parts = [
        f"#### {entry.title} (`{entry.key}`)",
        f"```math\n{entry.tex}\n```",
        entry.notes,
        f"Source: {entry.source}.",
    ]
    return "\n\n".join(filter(None, parts))


TABLES = {
    "overview": overview,
    "landscapes": landscapes,
    "optimizers": optimizers,
    "equations": equations,
    "rules": rules,
    "schedules": schedules,
}


def filled(text: str) -> str:
    """A document with its marked tables made anew."""
    return MARKED.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", text)


if __name__ == "__main__":
    for name in ("README.md", "docs/catalogue.md", "docs/model.md"):
        path = ROOT / name
        path.write_text(filled(path.read_text()))

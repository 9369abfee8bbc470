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
from landscapes import CHAPTERS, LANDSCAPES  # noqa: E402
from optimizers import FAMILIES, OPTIMIZERS, SCHEDULES  # noqa: E402

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

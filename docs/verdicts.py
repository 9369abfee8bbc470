"""Writes into docs/model.md how often the verdict on a run is right, by `python docs/verdicts.py`.

The runs and what is right of them come from tests/verdict_labels.py; a test compares the tables with what this makes.
"""

import re
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from engine import diagnose  # noqa: E402
from tests.verdict_labels import CHOSEN, OTHERS, labels, run, truth  # noqa: E402

MARKED = re.compile(r"(<!-- verdicts: (\w+) -->\n).*?(<!-- end -->)", re.S)

ORDER = (
    "converged", "overshooting", "descending", "crawling", "circling", "wandering", "local minimum", "saddle",
    "plateau", "diverged",
)  # fmt: skip


@lru_cache(maxsize=2)
def counts(optimizers: tuple[str, ...]) -> Counter[tuple[str, str]]:
    """How many of the labelled runs are truly what (first) and are called what (second)."""
    return Counter((truth(label), diagnose(run(label)).verdict) for label in labels(optimizers))


def share(found: Counter[tuple[str, str]]) -> float:
    """The share of the runs that is called what it is."""
    return sum(count for (true, called), count in found.items() if true == called) / found.total()


def confusion() -> str:
    """One row for each true verdict, one column for each that was given."""
    return _table(counts(CHOSEN))


def others() -> str:
    """The same for the optimizers that are harder to read."""
    return _table(counts(OTHERS))


def _table(found: Counter[tuple[str, str]]) -> str:
    lines = [f"| truly ↓, called → | {' | '.join(ORDER)} |", f"|---|{'--:|' * len(ORDER)}"]
    for true in ORDER:
        row = [found[true, called] for called in ORDER]
        if any(row):
            cells = [
                f"**{count}**" if called == true else str(count or "") for called, count in zip(ORDER, row, strict=True)
            ]
            lines.append(f"| {true} | {' | '.join(cells)} |")
    right = round(share(found) * found.total())
    return "\n".join([*lines, "", f"{right} of {found.total()} are right: {100 * share(found):.1f} %."])


TABLES = {"confusion": confusion, "others": others}


def filled(text: str) -> str:
    """A document with its marked tables made anew."""
    return MARKED.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", text)


if __name__ == "__main__":
    path = ROOT / "docs" / "model.md"
    path.write_text(filled(path.read_text()))

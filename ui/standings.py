"""The table of a comparison: what each contender came to, in any order, the best of each column marked."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from engine.compare import Measures
from ui.comparison import Comparison
from ui.numbers import number
from ui.outcome import quartiles
from ui.palette import SERIES, Theme
from ui.race import Race
from ui.signs import line_and_marker
from ui.verdicts import LOOKS

TITLES = {
    "order": "Contender",
    "verdict": "Verdict",
    "rate": "Learning rate",
    "steps": "Steps to tolerance",
    "evaluations": "Gradient evaluations to tolerance",
    "loss": "Final loss",
    "distance": "Distance to nearest minimum",
    "path": "Path length",
    "overshoots": "Overshoots",
}
"""The columns by their names in the address; all but the learning rate sort the table."""

UNITS = {
    "steps": "until the loss stays within the tolerance",
    "evaluations": "a line search pays for its own",
    "path": "of all steps together",
    "overshoots": "steps past the lowest point on their line",
}


@dataclass(frozen=True)
class Spread:
    """A number of one run, or of many: their quartiles."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Row:
    """What one contender came to.

    Attributes:
        place, name: which contender.
        verdict: the key of its look in `ui.verdicts`, or "" over many starts; told: the same in words.
        reason: why, in a sentence.
        rate: the learning rate with which it ran; NaN where it has none.
        numbers: column -> value, for the columns that have one.
    """

    place: int
    name: str
    verdict: str
    told: str
    reason: str
    rate: float
    numbers: dict[str, Spread]


def standings(race: Race, comparison: Comparison) -> list[Row]:
    """The rows of the table, sorted as the comparison says; rows without a value in that column come last."""
    rows = [_row(race, place, comparison.starts != "one") for place in range(len(race.runs))]
    orders: dict[str, Callable[[Row], float]] = {
        "order": lambda row: row.place,
        "verdict": lambda row: list(LOOKS).index(row.verdict) if row.verdict else -race.arrived(row.place),
    }
    numeric = lambda row: row.numbers[comparison.sort].median  # noqa: E731
    key = orders.get(comparison.sort, numeric)
    return sorted(rows, key=lambda row: (math.isnan(key(row)), key(row), row.place))


def best(rows: Sequence[Row]) -> dict[str, set[int]]:
    """Column -> the places of the contenders with its lowest value.

    Path length and overshoots are compared among those that arrive: who hardly moves has the least of both.
    """
    found: dict[str, set[int]] = {}
    for column in rows[0].numbers:
        among = [row for row in rows if math.isfinite(row.numbers[column].median)]
        if column in ("path", "overshoots"):
            among = [row for row in among if math.isfinite(row.numbers["steps"].median)]
        lowest = min((row.numbers[column].median for row in among), default=math.nan)
        found[column] = {row.place for row in among if row.numbers[column].median == lowest}
    return found


def _row(race: Race, place: int, many: bool) -> Row:
    measures, diagnosis, run = race.measures[place], race.diagnoses[place], race.runs[place]
    numbers = {
        "steps": _spread(measures.steps),
        "evaluations": _spread(measures.evaluations),
        "loss": _spread(measures.losses),
        "distance": _spread(measures.distances),
        "path": _spread(measures.paths),
        "overshoots": _spread(measures.overshoots),
    }
    return Row(
        place=place,
        name=race.names[place],
        verdict="" if many else diagnosis.verdict,
        told=_share(measures) if many else LOOKS[diagnosis.verdict].word,
        reason="" if many else diagnosis.reason,
        rate=run.settings.get("learning_rate", math.nan),
        numbers=numbers,
    )


def _spread(values: np.ndarray) -> Spread:
    return Spread(*quartiles(values))


def _share(measures: Measures) -> str:
    """How many of many runs arrived, and how many ended higher than they began, in words."""
    arrived, rose = int(np.isfinite(measures.steps).sum()), int(measures.rose.sum())
    told = f"{arrived} of {len(measures.steps)} arrive"
    return f"{told}, {rose} end higher than they began" if rose else told


def table_html(rows: Sequence[Row], comparison: Comparison, theme: Theme) -> str:
    """The table as HTML; every text in it is escaped. The headers that sort are buttons with `data-column`."""
    winners = best(rows)
    many = comparison.starts != "one"
    heads = "".join(_head(column, title, comparison.sort) for column, title in TITLES.items())
    lines = "".join(_line(row, winners, many, theme) for row in rows)
    over = "seeds" if comparison.starts == "seeds" else "starts"
    caption = f"medians over all {over}, with quartiles below" if many else "one run each"
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table of the contenders"><table>'
        f"<caption>What each contender came to: {caption}. ★ marks the best of a column.</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _head(column: str, title: str, sort: str) -> str:
    note = f"<small>{escape(UNITS[column])}</small>" if column in UNITS else ""
    if column == "rate":
        return f'<th scope="col"><span>{escape(title)}</span></th>'
    here = ' aria-sort="ascending"' if column == sort else ""
    arrow = "▲" if column == sort else "△"
    return (
        f'<th scope="col"{here}><button type="button" data-column="{column}" title="Sort by this">{escape(title)} '
        f'<span aria-hidden="true" class="arrow">{arrow}</span></button>{note}</th>'
    )


def _line(row: Row, winners: dict[str, set[int]], many: bool, theme: Theme) -> str:
    series = SERIES[row.place].colours[theme]
    cells = [f'<th scope="row" style="--series: {series}">{line_and_marker(row.place, theme)} {escape(row.name)}</th>']
    told = escape(row.told)
    if row.verdict:
        look = LOOKS[row.verdict]
        told = (
            f'<details><summary><span class="sign" style="--verdict: {look.colours[theme]}" aria-hidden="true">'
            f"{look.sign}</span> {told}</summary>{escape(row.reason)}</details>"
        )
    cells.append(f'<td class="told">{told}</td>')
    cells.append(f"<td>{'finds its own' if math.isnan(row.rate) else escape(number(row.rate))}</td>")
    for column, spread in row.numbers.items():
        won = row.place in winners[column]
        star = '<span class="star" title="best of this column">★<span class="unseen"> best</span></span>' if won else ""
        text = escape(_text(column, spread.median))
        quartiles = ""
        if many:
            quartiles = f"<small>{escape(_text(column, spread.low))} to {escape(_text(column, spread.high))}</small>"
        cells.append(f"<td{' class=best' if won else ''}>{star}{text}{quartiles}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _text(column: str, value: float) -> str:
    if math.isnan(value):
        return "none known"
    if column in ("steps", "evaluations") and math.isinf(value):
        return "not reached"
    return f"{value:,.0f}" if column in ("steps", "evaluations", "overshoots") else number(value)

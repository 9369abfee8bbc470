"""One step of an optimizer explained: its rule with the numbers of each step, and what is drawn at the ball.

Cursor at row k: step t = k + 1, the one that is made from there. The numbers are those of the run and of the
optimizer's real state; only what its rule defines in between, such as a corrected bias, is computed from that rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine import Trajectory
from engine.field import hessian_matrices
from engine.memories import memories
from optimizers.symbols import symbol
from ui.mathml import GREEK, mathml, slot
from ui.numbers import number
from ui.rule import Cases, Statement, Symbol, evaluate, read_rule


@dataclass(frozen=True, eq=False)
class Worked:
    """A statement of a rule with its numbers, one for each step.

    Attributes:
        statement: what is defined, and how.
        value: what it is, (n, 1), (n, 2) or (n, 2, 2): that of the run or the state where it stands there; None when
            it is not known.
        computed: what the formula makes of the numbers in it; None where it is words, or needs what is not known.
    """

    statement: Statement
    value: np.ndarray | None
    computed: np.ndarray | None


@dataclass(frozen=True)
class Mark:
    """What is drawn at the ball.

    Attributes:
        slot: the symbol whose numbers it has.
        kind: "gradient", "update", or as in `optimizers.base.Memory`.
        label: its name beside it; words: its name in a sentence.
    """

    slot: str
    kind: str
    label: str
    words: str


@dataclass(frozen=True, eq=False)
class Explanation:
    """The steps of a run explained, n = length + 1 of them.

    Attributes:
        lines: for each line of the rule its statements, as (MathML, MathML with numbers or "").
        slots: symbol -> its numbers at each step, (n, 1), (n, 2) or (n, 2, 2).
        marks: what is drawn at the ball; the update is the slot "step".
        note: what is done beside the rule, in a sentence or two; "" for a plain run.
    """

    lines: list[list[tuple[str, str]]]
    slots: dict[str, np.ndarray]
    marks: list[Mark]
    note: str


def explain(t: Trajectory) -> Explanation:
    """The explanation of every step of a run, and of the one that would follow it or that broke it."""
    known, worked = work(t)
    values = {name: _drawn(name, rows) for name, rows in known.items() if name != "I"}
    lines = [[_line(one, values) for one in line] for line in worked]
    drawn = "".join(numbers for line in lines for _, numbers in line)
    marks = _marks(t, known)
    needed = {mark.slot for mark in marks}
    count = t.length + 1
    slots = {name: rows for name, rows in known.items() if f'data-slot="{name}"' in drawn or name in needed}
    slots = {name: np.repeat(rows, count // len(rows), axis=0) for name, rows in slots.items()}
    return Explanation(lines, slots, marks, _beside(t))


def _beside(t: Trajectory) -> str:
    """What is done to a twisted run beside the rule that is printed."""
    twists = t.twists
    given = {
        "of a mini-batch": twists.batch_size is not None,
        "with noise": twists.noise > 0,
        "with the penalty": twists.l2 > 0,
        "clipped": twists.clip_norm is not None or twists.clip_value is not None,
    }
    moved = {"weight decay": twists.weight_decay > 0, "Langevin's noise": twists.temperature > 0}
    of_gradient, of_step = ([words for words, on in of.items() if on] for of in (given, moved))
    sentences = []
    if of_gradient:
        sentences.append(f"g is the gradient that the rule is given: {', '.join(of_gradient)}.")
    if of_step:
        sentences.append(f"The ball is also moved by {' and '.join(of_step)}, which this rule does not show.")
    if t.skipped.any():
        sentences.append(
            "A step whose scaled gradient overflows is left out: nothing changes, and t does not count it."
        )
    return " ".join(sentences)


def work(t: Trajectory) -> tuple[dict[str, np.ndarray], list[list[Worked]]]:
    """Every number that a run's rule speaks of by its symbol, and the rule worked through line by line."""
    known = _known(t)
    given = set(known)
    lines = []
    for line in read_rule(t.optimizer.tex):
        lines.append([])
        for statement in line:
            try:
                computed = evaluate(statement.formula, known)
            except ValueError:
                computed = None
            name = statement.name
            if computed is not None and name.endswith("_1"):
                _begin(known, given, name.removesuffix("1") + "t", computed)
            elif computed is not None and name not in given and name.endswith("_t"):
                known[name] = computed
            elif computed is not None and name.endswith(r"_\infty"):
                known[name] = computed
            lines[-1].append(Worked(statement, known.get(name) if name else None, computed))
    return known, lines


def _left_out(t: Trajectory, count: int) -> np.ndarray:
    """How many steps before each row were left out, which an optimizer does not count, shape (count, 1)."""
    return np.cumsum(np.concatenate([[0], t.skipped]))[:count, None]


def _begin(known: dict[str, np.ndarray], given: set[str], name: str, first: np.ndarray) -> None:
    """What a rule says of the first step alone, such as d₁ = 0."""
    if name in known and name not in given:
        known[name] = np.concatenate([np.broadcast_to(first[:1], known[name][:1].shape), known[name][1:]])


def _known(t: Trajectory) -> dict[str, np.ndarray]:
    """What the run and the optimizer's state hold, by the symbols of the rule."""
    found = memories(t)
    count = t.length + 1
    points = t.points[:count]
    nothing = np.full((1, 2), np.nan)
    known = {
        "t": np.arange(1.0, count + 1)[:, None] - _left_out(t, count),
        "x_t": found.points[1:],
        "x_{t-1}": points,
        "x_{t-2}": np.concatenate([nothing, points[:-1]]),
        "x_0": points[:1],
        "g_t": found.gradients,
        "g_{t-1}": np.concatenate([nothing, found.gradients[:-1]]),
        "f(x_{t-1})": t.losses[:count, None],
        "I": np.eye(2)[None],
        "step": found.updates,
    }
    if "H_t" in t.optimizer.tex:
        known["H_t"] = hessian_matrices(t.landscape, points, **t.parameters)
    for name, value in t.settings.items():
        known[symbol(t.optimizer, name)] = np.array([[value]])
    if t.rate_changes or t.twists.scheduled:
        known[r"\eta"] = t.rates(count)[:, None]
    for name, rows in found.around().items():
        known[name] = rows[:, None] if rows.ndim == 1 else rows
    return known


def _drawn(name: str, rows: np.ndarray) -> str:
    """The MathML that stands for a symbol: its number, or the slot for numbers that change."""
    if len(rows) == 1 and rows.shape == (1, 1):
        return f"<mn>{_constant(float(rows[0, 0]))}</mn>"
    return slot(name)


def _constant(value: float) -> str:
    """A setting in print, with the digits that it has."""
    exact = f"{value:.6g}"
    return exact.replace("-", "−") if "e" not in exact else number(value)


def _line(worked: Worked, values: dict[str, str]) -> tuple[str, str]:
    statement = worked.statement
    if worked.value is None or not statement.name.endswith(("_t", r"_\infty")):
        return mathml(statement.nodes), ""
    numbers = [mathml((Symbol(statement.name),))]
    if worked.computed is not None and not any(isinstance(node, Cases) for node in statement.formula):
        numbers.append(mathml(statement.formula, values))
    return mathml(statement.nodes), "<mo>=</mo>".join([*numbers, slot(statement.name)])


def _marks(t: Trajectory, known: Mapping[str, np.ndarray]) -> list[Mark]:
    """What is drawn at the ball; of an average whose bias the rule corrects, the corrected one."""
    kinds = {
        "direction": ("−{}", "what it remembers of the gradients, {}, downhill"),
        "sizes": ("{}", "the size of the gradients that it remembers along each axis, {}"),
        "squares": ("√{}", "the root of the squared gradients that it remembers along each axis, √{}"),
        "point": ("{}", "the point {} that it moves"),
    }
    marks = [
        Mark("step", "update", "step", "the step that is made"),
        Mark("g_t", "gradient", "−g", "the negative gradient, −g"),
    ]
    for remembered, memory in t.optimizer.memories.items():
        if memory.drawn:
            name = rf"\hat {remembered}" if rf"\hat {remembered}" in known else remembered
            label, words = kinds[memory.drawn]
            marks.append(Mark(name, memory.drawn, label.format(_plain(name)), words.format(_plain(name))))
    return marks


def _plain(name: str) -> str:
    """A symbol as text, without its index: m, v̂."""
    accent, _, letter = name.removesuffix("_t").rpartition(" ")
    return GREEK.get(letter, letter) + {"": "", r"\hat": "\u0302", r"\bar": "\u0304"}[accent]

r"""Reads an optimizer's update rule, the small part of TeX it is written in: to numbers, and to MathML.

A rule is lines of statements `name = formula`. A formula is read into a tree of what is drawn; what it is worth follows
from that tree, and so does the same formula with numbers in the place of its symbols. Every value is an array over the
steps of a run: (n, 1) for a number, (n, 2) for a vector, (n, 2, 2) for a matrix.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

TOKEN = re.compile(
    r"(?:\\nabla(?:\^2)?\s*)?f\([a-z]_(?:t|\{t-1\})\)|\\text\{[^{}]*\}|\\mathrm\{[a-z]+\}|\\(?:begin|end)\{[a-z]+\}"
    r"|\\\\|\\[A-Za-z]+|\\[,;! ]|\d+(?:\.\d+)?|\S"
)
SPACES = {r"\,", r"\;", r"\!", "\\ ", r"\quad", "&"}
ACCENTS = {r"\hat": "^", r"\bar": "¯"}
OPENING = {"(": ")", r"\lVert": r"\rVert", r"\langle": r"\rangle", "|": "|", "{": "}"}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": np.greater, "<": np.less, "=": np.equal, r"\ge": np.greater_equal, r"\le": np.less_equal,
}  # fmt: skip
GREEK = set("alpha beta gamma Delta epsilon varepsilon eta lambda mu rho sigma tau".split())


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    text: str


@dataclass(frozen=True)
class Symbol:
    r"""A name with its accent and subscript, such as `\hat m_t`; also a phrase that is one, such as `f(x_{t-1})`."""

    name: str


@dataclass(frozen=True)
class Sign:
    """An operator, a relation, a comma."""

    text: str


@dataclass(frozen=True)
class Words:
    """Words in a formula; what holds any has no value."""

    text: str


@dataclass(frozen=True)
class Fraction:
    """A numerator over a denominator."""

    above: "Nodes"
    below: "Nodes"


@dataclass(frozen=True)
class Root:
    """A square root."""

    body: "Nodes"


@dataclass(frozen=True)
class Power:
    """A base with an exponent."""

    base: "Node"
    exponent: "Nodes"


@dataclass(frozen=True)
class Fenced:
    """What stands in brackets; the arguments of a function when `function` names one."""

    opening: str
    body: "Nodes"
    function: str = ""
    below: str = ""


@dataclass(frozen=True)
class Cases:
    """(formula, condition) pairs."""

    rows: tuple[tuple["Nodes", "Nodes"], ...]


Node = Number | Symbol | Sign | Words | Fraction | Root | Power | Fenced | Cases
Nodes = tuple[Node, ...]
Names = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Statement:
    """One definition of a rule.

    Attributes:
        nodes: all of it, as it is drawn.
        name: what it defines; "" when it defines nothing that has a name.
        formula: what that is, the nodes after the equals sign up to the first words; () where it begins with words.
    """

    nodes: Nodes
    name: str
    formula: Nodes


def read_rule(tex: str) -> list[list[Statement]]:
    """The statements of a rule, line by line.

    Raises:
        ValueError: when it is not written in the part of TeX that is understood here.
    """
    plain = re.sub(r"\\(?:begin|end)\{aligned\}|\\(?:left|right)(?![a-z])", "", tex)
    reader = _Reader(TOKEN.findall(plain))
    lines = []
    while reader.tokens or not lines:
        lines.append([_statement(nodes) for nodes in reader.statements() if nodes])
    return [line for line in lines if line]


def _statement(nodes: Nodes) -> Statement:
    trimmed = nodes[:-1] if nodes[-1] == Sign(",") else nodes
    match trimmed:
        case (Symbol(name), Sign("="), *formula) if Sign("=") not in formula:
            return Statement(trimmed, name, tuple(takewhile(lambda node: not isinstance(node, Words), formula)))
    return Statement(trimmed, "", ())


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else "end"

    def take(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.next != wanted):
            raise ValueError(f"{wanted or 'something'} expected in a rule, {self.next} found")
        return self.tokens.pop(0)

    def statements(self) -> list[Nodes]:
        r"""The statements of a line: what stands between `, \quad`."""
        found: list[list[Node]] = [[]]
        while self.next not in ("end", r"\\"):
            if self.next == r"\quad" and found[-1]:
                found.append([])
            if self.next in SPACES:
                self.take()
            else:
                found[-1].append(self.node())
        if self.next == r"\\":
            self.take()
        return [tuple(nodes) for nodes in found]

    def until(self, *ends: str) -> Nodes:
        nodes: list[Node] = []
        while self.next not in ends:
            if self.next in SPACES and self.next != "&":
                self.take()
            else:
                nodes.append(self.node())
        return tuple(nodes)

    def group(self) -> Nodes:
        """What stands in braces, or one token."""
        if self.next == "{":
            self.take()
            body = self.until("}")
            self.take("}")
            return body
        token = self.take()
        return (Number(token) if token.isdigit() else Symbol(token) if token.isalpha() else Sign(token),)

    def node(self) -> Node:
        base = self.base()
        if self.next == "^" and isinstance(base, Symbol | Fenced | Number):
            self.take()
            return Power(base, self.group())
        return base

    def base(self) -> Node:
        token = self.take()
        if token[0].isdigit():
            return Number(token)
        if token.startswith(r"\text{"):
            return Words(token[6:-1])
        if token in (r"\frac", r"\tfrac"):
            return Fraction(self.group(), self.group())
        if token == r"\sqrt":
            return Root(self.group())
        if token == r"\begin{cases}":
            return self.cases()
        if token.startswith((r"\mathrm{", r"\max", r"\min")):
            name = token.removeprefix(r"\mathrm{").removesuffix("}").lstrip("\\")
            if self.next != "(":
                return Symbol(token)
            self.take()
            return Fenced("(", self.closed("("), name)
        if token in OPENING:
            body = self.closed(token)
            below = "".join(_flat(self.subscript())) if self.next == "_" else ""
            return Fenced(token, body, below=below)
        if token in ACCENTS:
            return self.symbol(f"{token} {self.take()}")
        if token.startswith(("f(", r"\nabla")):
            return Symbol(re.sub(r"\s", "", token))
        if token.isalpha() or token.lstrip("\\") in GREEK:
            return self.symbol(token)
        return Sign(token)

    def closed(self, opening: str) -> Nodes:
        body = self.until(OPENING[opening])
        self.take(OPENING[opening])
        return body

    def subscript(self) -> Nodes:
        self.take("_")
        return self.group()

    def symbol(self, name: str) -> Node:
        if self.next == "_":
            below = "".join(_flat(self.subscript()))
            name += f"_{below}" if len(below) == 1 or below == r"\infty" else f"_{{{below}}}"
        if self.next == "^" and len(self.tokens) > 1 and self.tokens[1] in ("*", "+", "-"):
            self.take()
            name += f"^{self.take()}"  # a mark, not an exponent
        return Symbol(name)

    def cases(self) -> Cases:
        rows = []
        while self.next != r"\end{cases}":
            formula = self.until("&")
            self.take("&")
            rows.append((formula, self.until(r"\\", r"\end{cases}")))
            if self.next == r"\\":
                self.take()
        self.take()
        return Cases(tuple(rows))


def _flat(nodes: Nodes) -> list[str]:
    """The text of a subscript."""
    return [getattr(node, "text", None) or getattr(node, "name", "") for node in nodes]


# What a formula is worth


def evaluate(nodes: Nodes, names: Names) -> np.ndarray:
    """The value of a formula at each step.

    Raises:
        ValueError: when it holds words, or a name without a value; KeyError never.
    """
    with np.errstate(all="ignore"):  # where a run diverges, or divides by nothing, the numbers are shown as they are
        total, sign, product = None, 1.0, []
        for node in (*nodes, Sign("+")):
            if node not in (Sign("+"), Sign("-")):
                product.append(node)
                continue
            if product:
                term = sign * _product(product, names)
                total = term if total is None else _sum(total, term)
                sign, product = 1.0, []
            sign = -sign if node == Sign("-") else sign
        if total is None:
            raise ValueError("there is no formula")
        return total


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim != b.ndim:
        raise ValueError("a matrix and a vector have no sum")
    return a + b


def _product(nodes: Sequence[Node], names: Names) -> np.ndarray:
    total, divide = None, False
    for node in nodes:
        if node in (Sign(r"\odot"), Sign("/")):
            divide = node == Sign("/")
            continue
        value = _value(node, names)
        total = value if total is None else total / value if divide else _times(total, value)
        divide = False
    if total is None:
        raise ValueError("there is no product")
    return total


def _times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim == b.ndim:
        return a @ b if a.ndim == 3 else a * b
    if a.ndim == 3 and b.shape[1] == 2:
        return np.squeeze(a @ b[..., None], -1)
    matrix, number = (a, b) if a.ndim == 3 else (b, a)
    if number.shape[1] != 1:
        raise ValueError("a vector times a matrix is not understood")
    return matrix * number[..., None]


def _value(node: Node, names: Names) -> np.ndarray:
    match node:
        case Number(text):
            return np.array([[float(text)]])
        case Symbol(name) if name in names:
            return names[name]
        case Fraction(above, below):
            return evaluate(above, names) / evaluate(below, names)
        case Root(body):
            return np.sqrt(evaluate(body, names))
        case Power(base, (Sign("+"),)):
            return np.linalg.pinv(_value(base, names), rcond=1e-300, hermitian=True)
        case Power(base, exponent):
            return _value(base, names) ** evaluate(exponent, names)
        case Fenced():
            return _bracketed(node, names)
        case Cases(rows):
            conditions = [_holds(condition, names) for _, condition in rows]
            values = [evaluate(formula, names) for formula, _ in rows]
            return _selected(conditions, values)
    raise ValueError(f"{node} has no value")


def _selected(conditions: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> np.ndarray:
    chosen = values[-1]
    for condition, value in reversed(list(zip(conditions, values, strict=True))):
        chosen = np.where(condition, value, chosen)
    return chosen


def _holds(condition: Nodes, names: Names) -> np.ndarray:
    if condition == (Words("else"),):
        return np.array([[True]])
    for place, node in enumerate(condition):
        if isinstance(node, Sign) and node.text in COMPARISONS:
            return COMPARISONS[node.text](evaluate(condition[:place], names), evaluate(condition[place + 1 :], names))
    raise ValueError(f"{condition} is no condition")


def _bracketed(node: Fenced, names: Names) -> np.ndarray:
    arguments = [evaluate(part, names) for part in _parted(node.body)]
    first = arguments[0]
    match node.function or node.opening:
        case "(" | "{":
            return first
        case "max" | "min":
            chosen = np.maximum if node.function == "max" else np.minimum
            for other in arguments[1:]:
                first = chosen(first, other)
            return first
        case "clip":
            return np.minimum(np.maximum(first, arguments[1]), arguments[2])
        case "sign":
            return np.sign(first)
        case "rms":
            return np.sqrt(np.mean(first**2, axis=1, keepdims=True))
        case r"\lVert" if node.below == "1":
            return np.sum(np.abs(first), axis=1, keepdims=True)
        case r"\lVert":
            return np.sqrt(np.sum(first**2, axis=1, keepdims=True))
        case r"\langle":
            return np.sum(first * arguments[1], axis=1, keepdims=True)
        case "|" if first.ndim == 3:
            values, vectors = np.linalg.eigh(np.nan_to_num(first))
            return (vectors * np.abs(values)[:, None]) @ np.swapaxes(vectors, 1, 2)
        case "|":
            return np.abs(first)
    raise ValueError(f"{node.function} is not understood")


def _parted(nodes: Nodes) -> list[Nodes]:
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node == Sign(","):
            parts.append([])
        else:
            parts[-1].append(node)
    return [tuple(part) for part in parts]

"""A formula typed by a user, f(x, y), as a loss that JAX can differentiate and as TeX.

The text is parsed by Python's own parser and translated node by node; only what stands in the tables below has a
translation, everything else is refused. Nothing is ever evaluated as Python.
"""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

LONGEST = 300  # characters
MOST_NODES = 150
DEEPEST = 30
LARGEST = 1e9  # a number in the formula
LARGEST_EXPONENT = 12.0

Value = Callable[[jax.Array, jax.Array], jax.Array]


class FormulaError(ValueError):
    """A formula that is refused.

    Attributes:
        reason: why, in a sentence without its full stop.
        text: the formula, as far as the character that is pointed at if it is too long; every character prints.
        column: the character at which it is refused, counted from 0.
    """

    def __init__(self, reason: str, text: str, column: int) -> None:
        """Say why, point at the character, and name what is allowed, in four lines."""
        super().__init__(f"{reason}\n{text}\n{' ' * column}^\nA formula may hold {ALLOWED}.")
        self.reason = reason
        self.text = text
        self.column = column


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula that was read.

    Attributes:
        text: as it was typed, without the blanks around it.
        loss: p of shape (2,) to a scalar, traceable by JAX. What is undefined somewhere (a logarithm, a root) is NaN
            or infinite there.
        tex: the same formula as TeX.
    """

    text: str
    loss: Callable[[jax.Array], jax.Array]
    tex: str


class _Part(NamedTuple):
    """A translated part of a formula."""

    value: Value
    tex: str
    binds: int  # how tightly its outermost operator binds, one of those below
    constant: float | None  # its value where it is a plain number


_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)

_CONSTANTS = {"pi": (math.pi, r"\pi"), "e": (math.e, r"\mathrm{e}")}

_FUNCTIONS: Mapping[str, tuple[int, Callable[..., jax.Array], str]] = {
    "abs": (1, jnp.abs, r"\left|{}\right|"),
    "sqrt": (1, jnp.sqrt, r"\sqrt{{{}}}"),
    "exp": (1, jnp.exp, r"\exp\left({}\right)"),
    "log": (1, jnp.log, r"\ln\left({}\right)"),
    "sin": (1, jnp.sin, r"\sin\left({}\right)"),
    "cos": (1, jnp.cos, r"\cos\left({}\right)"),
    "tan": (1, jnp.tan, r"\tan\left({}\right)"),
    "sinh": (1, jnp.sinh, r"\sinh\left({}\right)"),
    "cosh": (1, jnp.cosh, r"\cosh\left({}\right)"),
    "tanh": (1, jnp.tanh, r"\tanh\left({}\right)"),
    "atan2": (2, jnp.arctan2, r"\operatorname{{atan2}}\left({},\ {}\right)"),
    "min": (2, jnp.minimum, r"\min\left({},\ {}\right)"),
    "max": (2, jnp.maximum, r"\max\left({},\ {}\right)"),
}
"""Name -> (number of arguments, function, TeX with a place for each argument)."""

_COMPARISONS: Mapping[type[ast.cmpop], tuple[Callable[..., jax.Array], str]] = {
    ast.Lt: (jnp.less, "<"),
    ast.LtE: (jnp.less_equal, r"\le"),
    ast.Gt: (jnp.greater, ">"),
    ast.GtE: (jnp.greater_equal, r"\ge"),
}

ALLOWED = (
    f"numbers, x, y, {', '.join(_CONSTANTS)}, + - * / **, {', '.join(_FUNCTIONS)}, "
    "and where(a < b, then, else) with <, <=, > or >="
)
"""What a formula may hold, for people."""


def read_formula(text: str) -> Formula:
    """Read a formula such as "(1 - x)**2 + 100*(y - x**2)**2".

    Raises:
        FormulaError: when it holds anything but what `ALLOWED` names, or is too long, too deep or too large; the
            message says why and points at the character.
    """
    text = text.strip()
    _check_text(text)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = min(error.offset or len(text), len(text)) - 1
        product = "decimal literal" in error.msg  # what Python takes 2x for
        reason = "A product is written with *, such as 2*x" if product else "This is no complete formula"
        raise FormulaError(reason, text, column) from error
    except (MemoryError, RecursionError, ValueError) as error:
        raise FormulaError(f"This is nested too deeply: {DEEPEST} levels are allowed", text, 0) from error
    reader = _Reader(text)
    whole = reader.part(tree, 1)

    def loss(p: jax.Array) -> jax.Array:
        return jnp.asarray(whole.value(p[0], p[1]), p.dtype)

    return Formula(text, loss, whole.tex)


def _check_text(text: str) -> None:
    if not text:
        raise FormulaError("There is no formula", text, 0)
    if len(text) > LONGEST:
        shown = text[: LONGEST + 1]
        raise FormulaError(f"{len(text)} characters are too many: {LONGEST} are allowed", shown, LONGEST)
    for column, character in enumerate(text):
        if not (character.isascii() and character.isprintable()):
            named = "U+" + format(ord(character), "04X")
            shown = "".join(c if c.isprintable() else "?" for c in text)
            raise FormulaError(f"The character {named} is not allowed", shown, column)
        if character == "^":
            raise FormulaError("A power is written **, not ^", text, column)


class _Reader:
    """Translates the nodes of one formula, and counts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0

    def part(self, node: ast.expr, depth: int) -> _Part:
        """The translation of a node and everything below it."""
        self.nodes += 1
        if depth > DEEPEST:
            raise self.refuse(node, f"This is nested too deeply: {DEEPEST} levels are allowed")
        if self.nodes > MOST_NODES:
            raise self.refuse(node, f"This has too many parts: {MOST_NODES} are allowed")
        match node:
            case ast.Constant():
                return self.number(node)
            case ast.Name():
                return self.name(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self.signed(node, depth)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                return self.arithmetic(node, depth)
            case ast.BinOp(op=ast.Pow()):
                return self.power(node, depth)
            case ast.Call(func=ast.Name(id="where")):
                return self.where(node, depth)
            case ast.Call(func=ast.Name()):
                return self.call(node, depth)
            case ast.Compare():
                raise self.refuse(node, "A comparison may only stand first in where(a < b, then, else)")
            case ast.Call():
                raise self.refuse(node, "Only a function is followed by parentheses; a product is written with *")
        raise self.refuse(node, "This is not allowed")

    def refuse(self, node: ast.expr, reason: str) -> FormulaError:
        """What to raise for a node."""
        return FormulaError(reason, self.text, min(node.col_offset, len(self.text) - 1))

    def number(self, node: ast.Constant) -> _Part:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.refuse(node, f"{repr(node.value)[:40]} is not a number")
        if not abs(node.value) <= LARGEST:
            raise self.refuse(node, f"This number is too large: {LARGEST:g} is allowed")
        value = float(node.value)
        mantissa, _, exponent = f"{value:.12g}".partition("e")
        tex = rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
        return _Part(lambda x, y: jnp.asarray(value, x.dtype), tex, _PRODUCT if exponent else _ATOM, value)

    def name(self, node: ast.Name) -> _Part:
        if node.id == "x":
            return _Part(lambda x, y: x, "x", _ATOM, None)
        if node.id == "y":
            return _Part(lambda x, y: y, "y", _ATOM, None)
        if node.id in _CONSTANTS:
            value, tex = _CONSTANTS[node.id]
            return _Part(lambda x, y: jnp.asarray(value, x.dtype), tex, _ATOM, value)
        if node.id in _FUNCTIONS or node.id == "where":
            raise self.refuse(node, f"{node.id} is a function: it is followed by its arguments in parentheses")
        raise self.refuse(node, f"{node.id[:40]!r} is not known")

    def signed(self, node: ast.UnaryOp, depth: int) -> _Part:
        part = self.part(node.operand, depth + 1)
        if isinstance(node.op, ast.UAdd):
            return part
        constant = None if part.constant is None else -part.constant
        return _Part(lambda x, y: -part.value(x, y), f"-{_wrapped(part, _PRODUCT, signs=False)}", _SIGN, constant)

    def arithmetic(self, node: ast.BinOp, depth: int) -> _Part:
        left = self.part(node.left, depth)  # a long sum is not a deep one
        right = self.part(node.right, depth + 1)
        match node.op:
            case ast.Add():
                tex = f"{left.tex} + {_wrapped(right, _PRODUCT, signs=False)}"
                return _Part(lambda x, y: left.value(x, y) + right.value(x, y), tex, _SUM, None)
            case ast.Sub():
                tex = f"{left.tex} - {_wrapped(right, _PRODUCT, signs=False)}"
                return _Part(lambda x, y: left.value(x, y) - right.value(x, y), tex, _SUM, None)
            case ast.Mult():
                first, second = (_wrapped(part, _PRODUCT, signs=False) for part in (left, right))
                tex = rf"{first} \cdot {second}" if second[0].isdigit() else rf"{first}\,{second}"
                return _Part(lambda x, y: left.value(x, y) * right.value(x, y), tex, _PRODUCT, None)
        tex = rf"\frac{{{left.tex}}}{{{right.tex}}}"
        return _Part(lambda x, y: left.value(x, y) / right.value(x, y), tex, _PRODUCT, None)

    def power(self, node: ast.BinOp, depth: int) -> _Part:
        base, exponent = self.part(node.left, depth + 1), self.part(node.right, depth + 1)
        tex = f"{_wrapped(base, _ATOM)}^{{{exponent.tex}}}"
        if exponent.constant is None:
            return _Part(lambda x, y: base.value(x, y) ** exponent.value(x, y), tex, _POWER, None)
        if not abs(exponent.constant) <= LARGEST_EXPONENT:
            raise self.refuse(node.right, f"This exponent is too large: {LARGEST_EXPONENT:g} is allowed")
        # A whole power is a product: it has derivatives where the base is negative or 0.
        fixed = int(exponent.constant) if exponent.constant.is_integer() else exponent.constant
        return _Part(lambda x, y: base.value(x, y) ** fixed, tex, _POWER, None)

    def call(self, node: ast.Call, depth: int) -> _Part:
        name = node.func.id  # pyright: ignore[reportAttributeAccessIssue]  # a Name: see `part`
        if name not in _FUNCTIONS:
            raise self.refuse(node, f"{name[:40]!r} is not a function here")
        count, function, tex = _FUNCTIONS[name]
        parts = self.arguments(node, name, count, depth)
        return _Part(
            lambda x, y: function(*(part.value(x, y) for part in parts)),
            tex.format(*(part.tex for part in parts)), _ATOM, None,
        )  # fmt: skip

    def where(self, node: ast.Call, depth: int) -> _Part:
        comparison = node.args[0] if node.args else node
        if not (isinstance(comparison, ast.Compare) and len(comparison.ops) == 1):
            raise self.refuse(comparison, "where begins with one comparison, such as x < y")
        if type(comparison.ops[0]) not in _COMPARISONS:
            raise self.refuse(comparison, "This comparison is not allowed; there are <, <=, > and >=")
        compare, sign = _COMPARISONS[type(comparison.ops[0])]
        sides = [self.part(side, depth + 2) for side in (comparison.left, comparison.comparators[0])]
        then, otherwise = self.arguments(node, "where", 3, depth)[-2:]

        def chosen(x: jax.Array, y: jax.Array) -> jax.Array:
            # One branch alone is differentiated: the other may be undefined here, and 0 times NaN is NaN.
            return jax.lax.cond(compare(*(side.value(x, y) for side in sides)), then.value, otherwise.value, x, y)

        condition = f"{sides[0].tex} {sign} {sides[1].tex}"
        tex = rf"\begin{{cases}}{then.tex} & \text{{if }} {condition} \\ {otherwise.tex} & \text{{else}}\end{{cases}}"
        return _Part(chosen, tex, _SUM, None)

    def arguments(self, node: ast.Call, name: str, count: int, depth: int) -> list[_Part]:
        """The translated arguments of a call; for `where` without the comparison, which comes first."""
        if node.keywords or len(node.args) != count:
            plural = "" if count == 1 else "s"
            raise self.refuse(node, f"{name} takes {count} argument{plural}")
        return [self.part(argument, depth + 1) for argument in (node.args[1:] if name == "where" else node.args)]


def _wrapped(part: _Part, least: int, signs: bool = True) -> str:
    """A part's TeX, in parentheses where it binds less tightly than its surroundings ask for."""
    bare = part.binds >= least and (signs or part.binds != _SIGN)
    return part.tex if bare else rf"\left({part.tex}\right)"

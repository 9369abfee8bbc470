r"""Computes what a formula in TeX says, for the small part of TeX in which the landscapes are written.

A product ends at + and -; the argument of a function without brackets ends there too, or at the next function.
Definitions follow after `\quad`, as `name = formula`, and may use the ones after them. A letter or digit below a name
belongs to it: `s_i` is one name. What runs over i has it as its last axis, and `\sum_i` adds the product after it up.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

FUNCTIONS = {"sin": np.sin, "cos": np.cos, "ln": np.log}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"}
_TOKEN = re.compile(r"\\[a-z]+|\\[{}]|[A-Za-z0-9.+\-*/^_=,()\[\]{}|]")


def evaluate(tex: str, names: Mapping[str, Any]) -> Any:
    r"""The value of the formula with the names (letters and commands such as `\kappa`) as given.

    Raises:
        ValueError: when brackets do not balance or something is not understood.
    """
    formula, *definitions = re.split(r",\s*\\quad|,\s*\\;", tex) if r"\quad" in tex else [tex]
    known = dict(names) | {"e": np.e, r"\pi": np.pi}
    for definition in reversed(definitions):
        name, _, meaning = definition.partition("=")
        known[name.strip()] = _Reader(meaning, known).all()
    return _Reader(formula, known).all()


class _Reader:
    def __init__(self, tex: str, names: Mapping[str, Any]):
        plain = re.sub(r"\\left|\\right|\\[,;!]|\s", " ", tex)
        if left := _TOKEN.sub("", plain).strip():
            raise ValueError(f"{left!r} in {tex!r} is not understood")
        self.tokens, self.names, self.open = _TOKEN.findall(plain), names, ["end"]

    def all(self) -> Any:
        value = self.sum()
        if self.tokens:
            raise ValueError(f"{self.tokens} is left over")
        return value

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else "end"

    def take(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.next != wanted):
            raise ValueError(f"{wanted or 'something'} expected, {self.next} found")
        return self.tokens.pop(0)

    def sum(self) -> Any:
        sign = -1 if self.next == "-" and self.take() else 1
        value = sign * self.product()
        while self.next in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self, in_argument: bool = False) -> Any:
        value = self.power()
        while True:
            if self.next == "/":
                self.take()
                value = value / self.power()
            elif self.next == r"\cdot":
                self.take()
                value = value * self.power()
            elif self.next in ("end", "+", "-", ",", ")", "]", "}", r"\}") or self.next == self.open[-1]:
                return value
            elif in_argument and self.next.lstrip("\\") in FUNCTIONS:
                return value
            else:
                value = value * self.power()

    def power(self) -> Any:
        value = self.atom()
        if self.next == "_":
            self.take("_")
            self.take("+")  # the positive part
            value = np.maximum(value, 0)
        return value ** self.argument() if self.next == "^" and self.take() else value

    def argument(self) -> Any:
        """What stands in braces, or one sign."""
        if self.next == "{":
            return self.bracketed("{")
        sign = self.take()
        return float(sign) if sign.isdigit() else self.names[sign]

    def bracketed(self, opening: str) -> Any:
        self.take(opening)
        self.open.append(CLOSING[opening])
        value = self.sum()
        self.take(self.open.pop())
        return value

    def atom(self) -> Any:
        if self.next == "|":
            return np.abs(self.bracketed("|"))
        if self.next in ("(", "["):
            return self.bracketed(self.next)
        token = self.take()
        if token[0].isdigit():
            while self.next.isdigit() or self.next == ".":
                token += self.take()
            return float(token)
        command = token.lstrip("\\")
        if command in ("frac", "tfrac"):
            return self.argument() / self.argument()
        if command == "sqrt":
            return np.sqrt(self.argument())
        if command in ("min", "max"):
            self.take(r"\{")
            first = self.sum()
            self.take(",")
            second = self.sum()
            self.take(r"\}")
            return np.minimum(first, second) if command == "min" else np.maximum(first, second)
        if command == "sum":
            self.take("_")
            self.take("i")
            return np.sum(self.product(), axis=-1, keepdims=True)
        if command in FUNCTIONS:
            exponent = self.argument() if self.next == "^" and self.take() else 1
            argument = self.bracketed(self.next) if self.next in ("(", "[") else self.product(in_argument=True)
            return FUNCTIONS[command](argument) ** exponent
        if self.next == "_" and self.tokens[1] != "+":
            token += self.take("_") + self.take()
        if token not in self.names:
            raise ValueError(f"{token} is not known")
        return self.names[token]

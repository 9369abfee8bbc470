"""The source of a function of this project with all that it uses, as a text that needs nothing of this project.

So the formula of a surface and the rule of an optimizer stand in one place: a script that is taken away holds the text
that runs here.
"""

import ast
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from landscapes.base import Data

OURS = ("landscapes", "optimizers", "engine", "knobs", "ui")
"""The packages of which nothing may be imported by what is taken away."""


class Unwritable(ValueError):
    """Something that cannot be written out; the message says what."""


class Sources:
    """Definitions in the order in which they are needed, and the imports that they need."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.imports: set[str] = set()
        self.definitions: dict[str, str] = {}  # name -> text; a function's stands after all that it uses
        self._written: dict[str, Any] = {}

    def add(self, function: Callable[..., Any]) -> str:
        """Write a function and all that it uses; returns the name under which it stands.

        Raises:
            Unwritable: for something that is neither a function of this project, nor a plain value, nor imported.
        """
        if not isinstance(function, FunctionType) or function.__code__.co_name == "<lambda>":
            raise Unwritable("it has no definition of its own")
        name = function.__code__.co_name
        if self._known(name, function):
            return name
        text = _definition(function)
        for used, value in _uses(function, text).items():
            if isinstance(value, ModuleType) and _is_ours(value.__name__):
                for part in sorted(set(re.findall(rf"\b{used}\.(\w+)", text))):
                    self._add_value(part, getattr(value, part))
                text = re.sub(rf"\b{used}\.(?=\w)", "", text)
            else:
                self._add_value(used, value)
        self.definitions[name] = text
        return name

    def text(self) -> str:
        """All definitions, two blank lines around each function and none between constants."""
        return re.sub(r"\n{3,}", "\n\n\n", "\n".join(self.definitions.values())).strip("\n")

    def _known(self, name: str, value: Any) -> bool:
        """Whether a value is written under a name already, or being written.

        Raises:
            Unwritable: when another one has that name.
        """
        if name in self._written:
            known = self._written[name]
            if known is not value and not (isinstance(known, float | int | str | tuple) and known == value):
                raise Unwritable(f"two things are called {name}")
            return True
        self._written[name] = value
        return False

    def _add_value(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            top, _, last = value.__name__.rpartition(".")
            plain = f"import {value.__name__}" if value.__name__ == name else f"import {value.__name__} as {name}"
            self.imports.add(plain if last != name or not top else f"from {top} import {last}")
        elif (home := getattr(value, "__module__", None)) and not _is_ours(home) and hasattr(value, "__qualname__"):
            self.imports.add(f"from {home} import {value.__qualname__}")
        elif isinstance(value, FunctionType):
            written = self.add(value)
            if written != name and not self._known(name, value):
                self.definitions[name] = f"\n{name} = {written}\n"
        elif not self._known(name, value):
            self.definitions[name] = self._literal(name, value)

    def _literal(self, name: str, value: Any) -> str:
        """A definition of a plain value, or of what a function reads once: a table, or the examples of a loss."""
        reader = getattr(value, "__wrapped__", None)
        if reader is not None and not inspect.signature(reader).parameters:
            self.imports.add("import numpy as np")
            text = self._examples(known) if isinstance(known := value(), Data) else self._literal(f"_{name}", known)
            held = "examples" if isinstance(known, Data) else f"_{name}"
            return f"\n{text}\n\n\ndef {name}():\n    return {held}\n\n"
        if isinstance(value, np.ndarray):
            self.imports.add("import numpy as np")
            return f"{name} = {_array(value)}"
        return f"{name} = {_plain(name, value)}"

    def _examples(self, known: Data) -> str:
        """The examples that a loss is fitted to."""
        self.imports.add("from types import SimpleNamespace")
        held = "".join(f"    {field}={_array(getattr(known, field))},\n" for field in ("inputs", "targets"))
        return f"examples = SimpleNamespace(\n{held})"


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in OURS


def _plain(name: str, value: Any) -> str:
    if isinstance(value, Mapping):  # of knobs: all that a loss asks of it is its names
        value = tuple(value)
    if isinstance(value, tuple | list) and all(isinstance(item, int | float | str) for item in value):
        return repr(tuple(value))
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise Unwritable(f"{name} = {value!r} cannot be written")


def _array(values: np.ndarray) -> str:
    """An array as Python writes it, with every digit that counts."""
    rows = [repr(row).replace(" ", "\0") for row in np.asarray(values).tolist()]  # none is broken in two
    lines = [line.replace("\0", " ") for line in textwrap.wrap(", ".join(rows), 108, break_long_words=False)]
    return f"np.array([{lines[0]}])" if len(lines) == 1 else "\n        ".join(["np.array([", *lines]) + "\n    ])"


def _definition(function: FunctionType) -> str:
    """The text of a function by itself: without decorators and annotations, moved to the left edge."""
    text = textwrap.dedent(inspect.getsource(function)).encode()
    tree = ast.parse(text)
    (node,) = tree.body
    if not isinstance(node, ast.FunctionDef):
        raise Unwritable(f"{function.__code__.co_name} has no definition of its own")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def at(line: int | None, column: int | None) -> int:
        assert line is not None and column is not None
        return starts[line - 1] + column

    for one in ast.walk(node):
        if isinstance(one, ast.AnnAssign):
            raise Unwritable(f"{function.__code__.co_name} declares a type")
    cuts: list[tuple[int, int]] = []
    for inner in (each for each in ast.walk(node) if isinstance(each, ast.FunctionDef)):
        every = inner.args
        for one in (*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg):
            if one is not None and one.annotation is not None:
                begin = at(one.lineno, one.col_offset) + len(one.arg.encode())
                cuts.append((begin, at(one.annotation.end_lineno, one.annotation.end_col_offset)))
        if inner.returns is not None:
            end = at(inner.returns.end_lineno, inner.returns.end_col_offset)
            cuts.append((text.rindex(b" ->", 0, at(inner.returns.lineno, inner.returns.col_offset)), end))
    for begin, end in sorted(cuts, reverse=True):
        text = text[:begin] + text[end:]
    plain = text[starts[node.lineno - 1] :].decode().rstrip()
    return "\n\n" + re.sub(r"\A(def \w+)\(\n\s+([^\n]*?),?\n\):", r"\1(\2):", plain) + "\n\n"


def _uses(function: FunctionType, text: str) -> dict[str, Any]:
    """What of its surroundings a function uses, by name."""
    loaded = {node.id for node in ast.walk(ast.parse(text.strip())) if isinstance(node, ast.Name)}
    around = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    own = {name for code in _codes(function.__code__) for name in code.co_varnames}
    return {name: around[name] for name in sorted(loaded - own) if name in around}


def _codes(code: Any) -> Iterable[Any]:
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_varnames"):
            yield from _codes(constant)

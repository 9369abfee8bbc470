"""Change one thing in a formula or a rule, run the tests that should notice, and count who noticed.

`python tests/mutants.py --sample 30 engine/judge.py --tests tests/test_judge.py tests/test_diagnose.py` writes every
survivor and the score; without any names, as in `make mutants`, everything is changed and every test that shows no page
runs. A mutant changes one number, one operator, one sign, one comparison or one name of an argument inside a function,
or doubles a named number; facts in decorators, annotations and texts are left alone.

Everything is imported and the tests are collected once; from there each mutant runs in a fork, where the code of the
functions that are there already is exchanged. First each test runs once by itself, to see which functions it calls:
only these are its to guard. Those that noticed the last mutants of a function go first, then the quickest.

Nothing may be computed while the tests are collected: JAX cannot be forked once it has begun.
"""

import argparse
import ast
import builtins
import copy
import gc
import json
import math
import os
import random
import re
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import pytest
from jax._src import xla_bridge

ROOT = Path(__file__).parent.parent
MEANT = ("landscapes", "optimizers", "engine", "networks", "knobs.py")

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


CALLED: set[str] = set()
"""The functions that the test at hand has called, as `path:name`."""


@dataclass(frozen=True)
class Mutant:
    """One changed source file: where, what, and the name of the function, method or constant that it is in.

    `places` are the functions in which that shows, as `path:name`.
    """

    path: Path
    line: int
    name: str
    change: str
    source: str
    places: frozenset[str]


@dataclass(frozen=True)
class Guard:
    """A test with what it takes, in seconds, and the functions that it calls."""

    item: pytest.Item
    seconds: float
    calls: frozenset[str]


def changes(node: ast.AST, arguments: list[str]) -> Iterator[tuple[str, ast.AST]]:
    """Every single change of one node, with its description."""
    new = copy.deepcopy(node)
    match new:
        case ast.Constant(value=bool(value)):
            new.value = not value
            yield f"{value} -> {new.value}", new
        case ast.Constant(value=int() | float() as value):
            new.value = value + 1 if isinstance(value, int) else value * 1.01 + (value == 0)
            yield f"{value} -> {new.value}", new
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in OPERATORS:
            new.op = OPERATORS[type(op)]()
            yield f"{type(op).__name__} -> {type(new.op).__name__}", new
        case ast.Compare(ops=[op]) if type(op) in OPERATORS:
            new.ops = [OPERATORS[type(op)]()]
            yield f"{type(op).__name__} -> {type(new.ops[0]).__name__}", new
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield "sign dropped", new.operand
        case ast.Name(id=name, ctx=ast.Load()) if name in arguments and len(arguments) > 1:
            new.id = arguments[(arguments.index(name) + 1) % len(arguments)]
            yield f"{name} -> {new.id}", new


def functions_in(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module and the methods of its classes, each with its qualified name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef)
            )


def constants_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The named numbers of a module, each with its name and line."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            parts = {
                type(part.value) if isinstance(part, ast.Constant) else type(part) for part in ast.walk(node.value)
            }
            if parts & {int, float} and not parts & {ast.Call, ast.Name, str}:
                yield node.targets[0].id, node.lineno


def mutants_of(path: Path, files: list[Path]) -> Iterator[Mutant]:
    """Every mutant of a file, which belongs to these, in source order."""
    tree = ast.parse(path.read_text())

    def each(statement: ast.stmt, name: str, places: frozenset[str], arguments: list[str]) -> Iterator[Mutant]:
        for parent, field, index, child in slots(statement):
            for change, replacement in changes(child, arguments):
                place(parent, field, index, replacement)
                line = getattr(child, "lineno", statement.lineno)
                yield Mutant(path, line, name, change, ast.unparse(tree), places)
                place(parent, field, index, child)

    for name, line in constants_in(tree):
        if places := users(name, path, files):
            yield Mutant(path, line, name, "doubled", "", places)
    for name, function in functions_in(tree):
        arguments = [a.arg for a in function.args.args if a.arg != "self"]
        for statement in function.body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):  # the docstring
                yield from each(statement, name, frozenset([f"{path}:{name}"]), arguments)


def users(constant: str, path: Path, files: list[Path]) -> frozenset[str]:
    """The functions, in the module of a constant and in those that import it by its name, that use it."""
    found = set()
    for file in files:
        tree = ast.parse(file.read_text())
        sources = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        own = [node for node in sources if (node.module or "").split(".")[-1] == path.stem]
        imports = {alias.name for node in own for alias in node.names}
        if file == path or constant in imports:
            for name, function in functions_in(tree):
                if any(isinstance(part, ast.Name) and part.id == constant for part in ast.walk(function)):
                    found.add(f"{file}:{name}")
    return frozenset(found)


def slots(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every place below a node that holds a node, except annotations, type arguments and error messages."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list") or isinstance(node, ast.JoinedStr | ast.Raise):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                yield node, field, index, child
                yield from slots(child)


def place(parent: ast.AST, field: str, index: int | None, child: ast.AST) -> None:
    """Put a node into its parent."""
    if index is None:
        setattr(parent, field, child)
    else:
        getattr(parent, field)[index] = child


def exchange(source: str, path: Path, living: dict[str, list[types.FunctionType]], places: Iterable[str] = ()) -> None:
    """Give the functions of a module that are there already the code of another source, or only those named."""
    waiting: list[Any] = [compile(source, str(path), "exec")]
    while waiting:
        code = waiting.pop()
        waiting += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        name = f"{path}:{code.co_qualname}"
        if (not places or name.split(".<locals>")[0] in places) and not name.endswith("<lambda>"):
            for function in living.get(name, []):
                if function.__code__.co_freevars == code.co_freevars:  # one within another may be a namesake
                    function.__code__ = code


def double(mutant: Mutant, living: dict[str, list[types.FunctionType]]) -> None:
    """Give the modules that use a constant twice its value."""
    modules = [function.__globals__ for place in mutant.places for function in living[place]]
    for names in {id(names): names for names in modules}.values():
        value = names[mutant.name]
        names[mutant.name] = tuple(2 * part for part in value) if isinstance(value, tuple) else 2 * value


def telling(path: Path) -> str:
    """The source of a module whose functions tell by their names when they are called."""
    tree = ast.parse(path.read_text())
    for name, function in functions_in(tree):
        for inner in (node for node in ast.walk(function) if isinstance(node, ast.FunctionDef)):
            inner.body[:0] = ast.parse(f"__import__('builtins').CALLED.add({f'{path}:{name}'!r})").body
    return ast.unparse(tree)


def living_functions() -> dict[str, list[types.FunctionType]]:
    """Every function there is, under its `path:name`: in a registry, behind a decorator, or plainly in its module."""
    found: dict[str, list[types.FunctionType]] = {}
    for function in (thing for thing in gc.get_objects() if isinstance(thing, types.FunctionType)):
        name = f"{function.__code__.co_filename}:{function.__code__.co_qualname}"
        found.setdefault(name, []).append(function)
    return found


class Run:
    """A plugin of pytest that, in place of running the tests, lets them guard the files."""

    def __init__(self, files: list[Path], options: argparse.Namespace) -> None:
        self.files, self.sample, self.variants = files, options.sample, options.variants
        self.patience, self.at_once = options.patience, options.at_once
        self.failed = False
        self.meant = [file for path in MEANT for file in files_of(path)]
        self.noticed: Counter[tuple[str, str]] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of a test that fails."""
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The run: what each test calls, then each file's mutants."""
        if xla_bridge.backends_are_initialized():
            sys.exit("something is computed while the tests are collected")
        guards = []
        self.living = living_functions()
        setattr(builtins, "CALLED", CALLED)  # noqa: B010  (where every module finds it)
        for path in self.meant:
            exchange(telling(path), path, self.living)
        begun = time.monotonic()
        for item, answer in self.forked(self.chosen(session.items), self.called):
            if answer is None:
                print(f"left out, for it fails by itself: {item.nodeid}", flush=True)
            else:
                guards.append(Guard(item, answer[0], frozenset(answer[1])))
        print(f"{len(guards)} tests, each by itself, took {time.monotonic() - begun:.0f} s", flush=True)
        total = killed = 0
        for file in self.files:
            mutants = list(mutants_of(file, self.meant))
            whole = len(mutants)
            if self.sample and whole > self.sample:
                mutants = random.Random(0).sample(mutants, self.sample)
            begun, left = time.monotonic(), 0
            for mutant, answer in self.forked(mutants, lambda mutant: self.judged(mutant, guards)):
                noticed, remark = answer or ("one that ended", "")
                self.noticed[mutant.name, noticed] += 1
                if not noticed:
                    left += 1
                    where = f"{mutant.path.relative_to(ROOT)}:{mutant.line} {mutant.name}"
                    print(f"survived  {where}: {mutant.change}{remark}", flush=True)
            total, killed = total + len(mutants), killed + len(mutants) - left
            name, seconds = file.relative_to(ROOT), time.monotonic() - begun
            print(f"{name}: {len(mutants) - left} of {len(mutants)} noticed", end="")
            print(f", a sample of {whole}" if whole > len(mutants) else "", f"({seconds:.0f} s)", flush=True)
        print(f"{killed} of {total} mutants noticed: {killed / max(1, total):.1%}", flush=True)
        return True

    def chosen(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests that guard: of each no more variants than asked for."""
        tests: dict[str, list[pytest.Item]] = {}
        for item in items:
            tests.setdefault(item.nodeid.split("[")[0], []).append(item)
        some = []
        for same in tests.values():
            count = min(len(same), self.variants or len(same))
            some += [same[place * len(same) // count] for place in range(count)]
        return some

    def called(self, item: pytest.Item) -> tuple[float, list[str]] | None:
        """How long a test takes, and the functions of the project that it calls; None when it fails."""
        CALLED.clear()
        begun = time.monotonic()
        self.test(item)
        return None if self.failed else (time.monotonic() - begun, sorted(CALLED))

    def judged(self, mutant: Mutant, guards: list[Guard]) -> tuple[str, str]:
        """The first test that notices a mutant, "" when none does; and how many of its tests patience left out."""
        if mutant.source:
            exchange(mutant.source, mutant.path, self.living, mutant.places)
        else:
            double(mutant, self.living)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", math.inf)  # keep nothing of what it compiles
        own = [guard for guard in guards if mutant.places & guard.calls]
        own.sort(key=lambda guard: (-self.noticed[mutant.name, guard.item.nodeid], guard.seconds))
        begun = time.monotonic()
        for number, guard in enumerate(own):
            if time.monotonic() - begun > self.patience:
                return "", f" ({number} of {len(own)} tests tried)"
            signal.alarm(int(30 + 10 * guard.seconds))  # a mutant that never ends is noticed
            self.test(guard.item)
            if self.failed:
                return guard.item.nodeid, ""
        return "", "" if own else " (no test calls it)"

    def test(self, item: pytest.Item) -> None:
        """Run one test."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def forked(self, things: list[Any], do: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
        """What comes of each thing in a process of its own, None where that ends before it answers."""
        waiting, running = list(reversed(things)), {}
        while waiting or running:
            while waiting and len(running) < self.at_once:
                thing = waiting.pop()
                read, write = os.pipe()
                child = os.fork()
                if not child:
                    os.close(read)
                    self.answer(write, do, thing)
                os.close(write)
                running[child] = thing, read
            child, status = os.wait()
            if os.WIFEXITED(status) and os.WEXITSTATUS(status):
                sys.exit("a fork failed by itself")
            thing, read = running.pop(child)
            with os.fdopen(read) as pipe:
                text = pipe.read()
            yield thing, json.loads(text or "null")

    def answer(self, write: int, do: Callable[[Any], Any], thing: Any) -> None:
        """In the child: do it quietly, tell what came of it, and end."""
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os.write(write, json.dumps(do(thing)).encode())
            os._exit(0)
        finally:
            os._exit(1)


def files_of(path: str) -> list[Path]:
    """The files of a folder, or the one that is named."""
    whole = ROOT / path
    return sorted(whole.glob("*.py")) if whole.is_dir() else [whole]


def tests() -> list[str]:
    """The files of tests of what is computed: those that show no page."""
    files = sorted((ROOT / "tests").glob("test_*.py"))
    return [str(file) for file in files if not re.search("streamlit|AppTest", file.read_text())]


def main() -> None:
    """Print the survivors and the score of the files and folders named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", default=MEANT)
    parser.add_argument("--sample", type=int, help="no more than so many mutants of each file, drawn at random")
    parser.add_argument("--tests", nargs="+", help="the tests that guard them; else all that show no page")
    parser.add_argument("--variants", type=int, help="no more than so many variants of each test, spread over them")
    parser.add_argument("--patience", type=float, default=60, help="seconds of tests after which a mutant has survived")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="how many mutants run at a time")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    files = [file for path in arguments.paths for file in files_of(path)]
    run = Run(files, arguments)
    options = ["-q", "-s", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    sys.exit(pytest.main([*options, *(arguments.tests or tests())], plugins=[run]))


if __name__ == "__main__":
    main()

"""Change one thing in a formula or a rule, run the tests that should notice, and count who noticed.

`make mutants` (or `python tests/mutants.py --sample 30 landscapes/bowls.py engine`) writes every survivor and the
score. A mutant changes one number, one operator, one sign, one comparison or one name of an argument inside a function
body; facts in decorators, annotations and texts are left alone. JAX is imported once and each mutant runs in a fork,
two at a time.
"""

import argparse
import ast
import copy
import importlib.machinery
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TIMEOUT_SECONDS = 240
AT_ONCE = os.cpu_count() or 1

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


ALSO_TESTED_BY = {
    "program": ("descend", "batch", "mini_batches", "twists"),
    "step": ("descend", "twists", "mini_batches", "precision", "workers", "evaluations"),
    "twists": ("mini_batches", "scheduled_runs", "descend"),
    "precision": ("descend",),
    "twin": ("precision",),
    "words": ("diagnose",),
    "judge": ("diagnose",),
    "kept": ("warm_up", "descend"),
    "data": ("fits", "landscapes"),
    "fits": ("landscapes",),
    "minimizers": ("fits", "landscapes"),
    "real": ("applications", "landscapes"),
    "continual": ("applications", "landscapes"),
    "alice_counts": ("applications",),
    "formula": ("survey",),
    "base": ("landscape_registry", "landscapes", "optimizers"),
    "stability": ("sharpness", "presets"),
    "symbols": ("explanation",),
}
"""Module -> the tests beside its own that should go red; those of its registry or `descend` where nothing is said."""


@dataclass(frozen=True)
class Mutant:
    """One changed source file: where, what, and the tests that should go red."""

    path: Path
    line: int
    function: str
    change: str
    source: str
    tests: tuple[str, ...]


def tests_for(path: Path, function: str) -> tuple[str, ...]:
    """The pytest arguments that cover a function; for an entry of a registry only the tests that name its key."""
    registry = path.parent.name if path.parent.name in ("landscapes", "optimizers") else None
    entry = rf"^@(landscape|optimizer)\((?:(?!^def ).)*?^\)\ndef {function}\("
    if registry and re.search(entry, path.read_text(), re.M | re.S):
        return (f"tests/test_{registry}.py", "-k", function)
    files = (path.stem, *ALSO_TESTED_BY.get(path.stem, (registry or "descend",)))
    found = [name for stem in files if (ROOT / (name := f"tests/test_{stem}.py")).exists()]
    # Counting compilations over all optimizers takes a minute and is about speed, not about numbers.
    return (*found, "-k", "not compiles_once and not random_combinations")


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


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file, in source order."""
    tree = ast.parse(path.read_text())
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)):
        arguments = [a.arg for a in function.args.args] if isinstance(function, ast.FunctionDef) else []
        for statement in function.body:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # the docstring
            for parent, field, index, child in slots(statement):
                for change, replacement in changes(child, arguments):
                    place(parent, field, index, replacement)
                    line = getattr(child, "lineno", statement.lineno)
                    yield Mutant(path, line, function.name, change, ast.unparse(tree), tests_for(path, function.name))
                    place(parent, field, index, child)


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


def run(mutant: Mutant) -> int:
    """Fork, run the mutant's tests on the changed source, and return the child's process number."""
    child = os.fork()
    if child:
        return child
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> object:
        if Path(self.path) == mutant.path:
            return compile(mutant.source, self.path, "exec")
        return original(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # pyright: ignore[reportAttributeAccessIssue]
    os.setpgid(0, 0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    import pytest

    verdict = pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", *mutant.tests])
    os._exit(int(verdict not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)))


def survivors_of(mutants: list[Mutant]) -> list[Mutant]:
    """Run all mutants, `AT_ONCE` at a time; a run that takes too long counts as noticed."""
    waiting, running, survivors = list(reversed(mutants)), {}, []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant = waiting.pop()
            running[run(mutant)] = mutant, time.monotonic()
        child, status = os.waitpid(-1, os.WNOHANG)
        if child:
            mutant, _ = running.pop(child)
            if os.waitstatus_to_exitcode(status) == 0:
                survivors.append(mutant)
                print(
                    f"survived  {mutant.path.relative_to(ROOT)}:{mutant.line} {mutant.function}: {mutant.change}",
                    flush=True,
                )
        for late, (_, begin) in running.items():
            if time.monotonic() - begin > TIMEOUT_SECONDS:
                os.killpg(late, 9)
        time.sleep(0.02)
    return survivors


def main() -> None:
    """Print the survivors and the score of the files and folders named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", default=["landscapes", "optimizers", "engine", "knobs.py"])
    parser.add_argument("--sample", type=int, help="no more than so many mutants of each file, drawn at random")
    arguments = parser.parse_args()
    named = [ROOT / name for name in arguments.paths]
    files = [file for path in named for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    healthy = subprocess.run([sys.executable, "-m", "pytest", "-x", "-q", "--ignore=tests/browser"], check=False)
    if healthy.returncode:
        sys.exit("the tests fail without any mutant")
    import jax  # noqa: F401  (so that the forks need not)
    import optax  # noqa: F401
    import scipy.optimize  # noqa: F401

    total = killed = 0
    for file in files:
        mutants = list(mutants_of(file))
        if arguments.sample and len(mutants) > arguments.sample:
            mutants = random.Random(0).sample(mutants, arguments.sample)
        survivors = survivors_of(mutants)
        total, killed = total + len(mutants), killed + len(mutants) - len(survivors)
        print(f"{file.relative_to(ROOT)}: {len(mutants) - len(survivors)} of {len(mutants)} noticed", flush=True)
    print(f"{killed} of {total} mutants noticed: {killed / max(1, total):.1%}")


if __name__ == "__main__":
    main()

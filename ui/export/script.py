"""A run as a script in plain jax and optax: no import of this project, the same path.

Surface, rule and schedule are the text that runs here (`ui.export.source`); what holds them together is written below
as `engine.step` does it.
"""

import ast
import re
import textwrap

import jax
import optax

from engine import Trajectory
from engine.step import ranks
from landscapes.formula import _CONSTANTS, _FUNCTIONS
from optimizers.schedules import SCHEDULES
from ui.export.source import Sources, Unwritable
from ui.numbers import number, point
from ui.twists import WORDS, in_words

WIDE = 110
"""Characters of a line of a heading."""

BASE = ("import jax", "import jax.numpy as jnp", "import numpy as np", "import optax")


def why_not(run: Trajectory) -> str:
    """Why a run has no script, in a sentence; "" when it has one."""
    if run.twists.narrow:
        return f"There is no script for runs in {run.twists.precision}: it would be half of Downhill's engine."
    if run.twists.in_team:
        return "There is no script for several workers or late gradients: it would be half of Downhill's engine."
    try:
        surface_at(Sources(), run)
    except Unwritable as error:
        return f"There is no script for this surface: {error}."
    return ""


def optax_script(run: Trajectory, link: str) -> str:
    """The script of a run; it leaves `points`, shape (steps + 1, 2), and `values`, shape (steps + 1,).

    Args:
        run: one for which `why_not` is empty.
        link: the address that opens it.

    Raises:
        ValueError: for any other run.
    """
    if reason := why_not(run):
        raise ValueError(reason)
    sources = Sources()
    sources.imports |= set(BASE)
    surface = surface_at(sources, run)
    rule = sources.add(run.optimizer.build)
    report = None if run.optimizer.report is None else sources.add(run.optimizer.report)
    rates = _rates(sources, run)
    own = _of_step(sources, run)
    body = "\n".join([
        *facts(run), *rates, *own, "", "",
        "def f(p):", f"    return {surface}", "", "",
        *_optimizer(run, rule, bool(rates)), "", "",
        *_one_step(run, bool(rates), bool(own)), "", "",
        *_loop(run, report, bool(rates)),
    ])  # fmt: skip
    return joined(
        heading(run, link, f"jax {jax.__version__} and optax {optax.__version__}"),
        sources.imports, 'jax.config.update("jax_enable_x64", True)', sources.text(), body,
    )  # fmt: skip


def joined(head: str, imports: set[str], *parts: str) -> str:
    """The parts of a script one after another."""
    ordered = sorted(imports, key=lambda line: (line.startswith("from"), line))
    text = "\n\n".join([head, "\n".join(ordered), "\n\n\n".join(parts)])
    return re.sub(r"\n{4,}", "\n\n\n", text).strip() + "\n"


def heading(run: Trajectory, link: str, needs: str) -> str:
    """What a script begins with: what it runs, where that is on a page, and what it needs."""
    added = in_words({name: value for name, value in run.twists.keywords().items() if name in WORDS})
    what = f"{run.optimizer.title} on {run.landscape.title}, {run.steps} steps from {point(run.start)}"
    surface = f"f(x, y) = {run.landscape.formula}" if run.landscape.formula else f"Surface: {run.landscape.source}."
    lines = [
        *textwrap.wrap(what + (f", with {added}" if added else "") + ".", WIDE), "",
        *textwrap.wrap(surface, WIDE), *textwrap.wrap(f"Rule: {run.optimizer.source}.", WIDE),
        f"Written for {needs}; it needs nothing of Downhill.", "", "The same run, to look at:", link,
    ]  # fmt: skip
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{text}\n"""'


def surface_at(sources: Sources, run: Trajectory) -> str:
    """The loss at p as an expression, with its definitions in `sources`."""
    entry = run.landscape
    if entry.formula:
        return formula_as_jax(entry.formula)
    loss = entry.loss if run.twists.batch_size is None else entry.batch_loss
    assert loss is not None
    plain = sources.add(entry.loss)
    given = "".join(f", {name}={value!r}" for name, value in run.parameters.items())
    if loss is not entry.loss:
        sources.add(loss)
    return f"{plain}(p{given})"


def formula_as_jax(text: str) -> str:
    """A formula that was read without complaint, as an expression in p with jnp's functions."""
    tree = _InJax().visit(ast.parse(text.strip(), mode="eval"))
    return ast.unparse(ast.fix_missing_locations(tree))


class _InJax(ast.NodeTransformer):
    """The formula's names as jnp's: what `landscapes.formula` does with them, in text."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The coordinates are x and y; pi and e are numbers."""
        if node.id in _CONSTANTS:
            return ast.Constant(_CONSTANTS[node.id][0])
        return _expression(f"p[{'xy'.index(node.id)}]")

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Every number is a float, so that none overflows as a whole one."""
        return ast.Constant(float(node.value))  # pyright: ignore[reportArgumentType]  # a number: it was read

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """A whole power stays one."""
        exponent = None
        if isinstance(node.op, ast.Pow):
            exponent = _whole(node.right)
        self.generic_visit(node)
        if exponent is not None:
            node.right = ast.Constant(exponent)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Of where(a < b, then, else) one branch alone is differentiated."""
        name = node.func.id  # pyright: ignore[reportAttributeAccessIssue]  # a Name: it was read
        node.args = [self.visit(each) for each in node.args]
        if name != "where":
            node.func = _expression(f"jnp.{_FUNCTIONS[name][1].__name__}")
            return node
        branches = (f"lambda: jnp.asarray({ast.unparse(each)}, p.dtype)" for each in node.args[1:])
        return _expression(f"jax.lax.cond({ast.unparse(node.args[0])}, {', '.join(branches)})")


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _whole(node: ast.expr) -> int | None:
    """The whole number that an exponent is; None for any other."""
    sign = -1 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(inner, ast.Constant) and float(inner.value).is_integer():  # pyright: ignore[reportArgumentType]
        return sign * int(inner.value)  # pyright: ignore[reportArgumentType]
    return None


def facts(run: Trajectory) -> list[str]:
    """Where a run begins and how many steps it makes, as lines of a script; and as a comment where it ends."""
    x, y = run.points[run.length]
    return [
        f"# It ends at ({x:.10g}, {y:.10g}) after {run.length} steps, with the loss {number(run.losses[run.length])}.",
        f"START = {tuple(float(value) for value in run.start)!r}",
        f"STEPS = {run.steps}",
        *([f"SEED = {run.seed}"] if run.twists.random else []),
    ]


def _rates(sources: Sources, run: Trajectory) -> list[str]:
    """The learning rate of each step, where it changes."""
    if not (run.twists.scheduled or run.rate_changes):
        return []
    lines = [f"rates = np.full(max(1, STEPS), {run.settings['learning_rate']!r})"]
    lines += [f"rates[{step}:] = {rate!r}" for step, rate in run.rate_changes if step < run.steps]
    if run.twists.scheduled:
        build = sources.add(SCHEDULES[run.twists.schedule].build)
        knobs = "".join(f", {name}={value!r}" for name, value in run.twists.schedule_knobs)
        lines.append(f"rates = rates * {build}({run.twists.schedule_steps}{knobs})(jnp.arange(float(len(rates))))")
    return [*lines, "rates = jnp.asarray(rates)"]


def _of_step(sources: Sources, run: Trajectory) -> list[str]:
    """What a step descends, where that is not the loss: that of some of the examples, or of another task."""
    size, examples = run.twists.batch_size, run.landscape.examples
    if run.landscape.step_loss is not None:
        name = sources.add(run.landscape.step_loss)
        given = "".join(f", {name}={value!r}" for name, value in run.parameters.items())
        return ["", "", "def of_step(p, t):", f"    return {name}(p, t{given})"]
    if size is None:
        return []
    sources.add(ranks)
    each = -(-examples // size)
    given = "".join(f", {name}={value!r}" for name, value in run.parameters.items())
    batch = run.landscape.batch_loss
    assert batch is not None
    return [
        "", "",
        "def of_step(p, t):",
        f'    """The loss of the {size} examples of step t, in the order that its epoch shuffles them to."""',
        f"    chosen = ranks(SEED, t // {each}, {examples}) // {size} == t % {each}",
        f"    return {sources.add(batch)}(p, chosen / jnp.sum(chosen){given})",
    ]  # fmt: skip


def _optimizer(run: Trajectory, rule: str, varies: bool) -> list[str]:
    given = {name: f"jnp.asarray({value!r})" for name, value in run.settings.items()}
    if varies:
        given["learning_rate"] = "rate"
    return [
        f"def optimizer({'rate' if varies else ''}):",
        f"    rule = {rule}(",
        *(f"        {name}={value}," for name, value in given.items()),
        "    )",
        "    return optax.with_extra_args_support(rule)",
    ]


def _one_step(run: Trajectory, varies: bool, changes: bool) -> list[str]:
    """One step as `engine.step.method` makes it, without what this run does not have."""
    twists, lines = run.twists, ["@jax.jit", "def one_step(p, state, t):"]
    loss = "of_step(q, t)" if changes else "f(q)"
    if twists.noise or twists.temperature:
        lines.append("    key = jax.random.fold_in(jax.random.key(jnp.uint32(SEED)), t)")
        lines.append("    noise, shake = jax.random.normal(key, (2, 2))")
    if twists.noise:
        fade = f" / (1 + t) ** {twists.noise_decay / 2!r}" if twists.noise_decay else ""
        lines.append(f"    noise = {twists.noise!r}{fade} * noise")
        loss += " + noise @ (q - p)"
    if twists.l2:
        loss += f" + {twists.l2 / 2!r} * (q @ q)"
    objective = "f"
    if loss != "f(q)":
        objective = "objective"
        lines += ["", "    def objective(q):", f"        return {loss}", ""]
    lines.append(f"    value, gradient = jax.value_and_grad({objective})(p)")
    used = "gradient"
    for name, clip in (("clip_value", "optax.clip"), ("clip_norm", "optax.clip_by_global_norm")):
        if (limit := getattr(twists, name)) is not None:
            lines.append(f"    used, _ = {clip}({limit!r}).update({used}, optax.EmptyState())")
            used = "used"
    offered = {
        "value": "value", "grad": "gradient", "value_fn": objective, "obj_fn": objective,
        "hessian": f"jax.hessian({objective})(p)",
    }  # fmt: skip
    extras = "".join(f", {name}={offered[name]}" for name in run.optimizer.needs)
    rate = "rates[t]" if varies else repr(run.settings.get("learning_rate"))
    lines.append(f"    update, state = optimizer({'rates[t]' if varies else ''}).update({used}, state, p{extras})")
    moved = "optax.apply_updates(p, update)"
    if twists.temperature:
        moved += f" + jnp.sqrt(2 * {rate} * {twists.temperature!r}) * shake"
    if twists.weight_decay:
        moved += f" - {rate} * {twists.weight_decay!r} * p"
    return [*lines, f"    return {moved}, state"]


def _loop(run: Trajectory, report: str | None, varies: bool) -> list[str]:
    shown = "p" if report is None else f"{report}(p, state)"
    return [
        "p = jnp.array(START)",
        f"state = optimizer({'rates[0]' if varies else ''}).init(p)",
        "points = [p]",
        "for t in range(STEPS):",
        "    p, state = one_step(p, state, t)",
        f"    points.append({shown})",
        "points = np.array(points)",
        "values = np.array(jax.jit(jax.vmap(f))(points))",
        'print(f"after {STEPS} steps at ({points[-1, 0]:.10g}, {points[-1, 1]:.10g}), loss {values[-1]:.6g}")',
    ]

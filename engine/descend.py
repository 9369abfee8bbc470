"""Runs of an optimizer down a landscape: jitted optax steps to a `Trajectory`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from engine.field import Family, family_of, find_landscape, hessian, parameter_vector, value_and_gradient
from engine.stationary import is_at_minimum
from knobs import Knob
from landscapes.base import Landscape, Point
from optimizers.base import OPTIMIZERS, Optimizer

MAX_STEPS = 5000
"""The longest run. All runs share one buffer of this length, so that no step count compiles anything."""

STEPS = Knob(10, MAX_STEPS, 500, "log", allowed=(0, MAX_STEPS), integer=True, help="How many updates the run makes.")
SEED = Knob(0, 999, 0, allowed=(0, 2**31 - 1), integer=True, help="Where random numbers begin.")
COORDINATE = Knob(-1e6, 1e6, 0, allowed=(-1e100, 1e100))

Status = Literal["running", "converged", "diverged"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run, as NumPy arrays, with the settings that made it.

    Attributes:
        points: (steps + 1, 2), the iterates; row 0 is the start. NaN after the run ended.
        losses: (steps + 1,), the loss AT each point.
        gradients: (steps + 1, 2), the gradient at each point.
        learning_rates: (steps,), the rate of each step; NaN for an optimizer that has none.
        length: index of the last valid row; `steps` unless the run ended early.
        at_rest: whether it ended early because a step changed nothing, so that no further step would.
        landscape, parameters, optimizer, settings, start, steps, seed: what was run, every number filled in.
    """

    landscape: Landscape
    parameters: Mapping[str, float]
    optimizer: Optimizer
    settings: Mapping[str, float]
    start: Point
    steps: int
    seed: int
    points: np.ndarray
    losses: np.ndarray
    gradients: np.ndarray
    learning_rates: np.ndarray
    length: int
    at_rest: bool

    @cached_property
    def status(self) -> Status:
        """How the run stands at its last valid row.

        "diverged": the next row would not be finite (or the start already is not). "converged": the last row is
        at a minimum, by the test of `engine.stationary`. "running": neither, after all its steps, or at rest somewhere
        that is no minimum.
        """
        if not np.isfinite(self.losses[0]) or (self.length < self.steps and not self.at_rest):
            return "diverged"
        at_minimum = is_at_minimum(self.landscape, self.points[self.length], **self.parameters)
        return "converged" if at_minimum else "running"


class _Run(NamedTuple):
    """What the loop carries for each run; a leading axis of runs on every leaf."""

    iterate: jax.Array  # (2,)
    state: Any  # the optimizer's own
    alive: jax.Array  # whether its next row is still to be written
    at_rest: jax.Array  # whether it ended because a step changed nothing


@lru_cache(maxsize=256)
def program(optimizer: Optimizer, family: Family) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """The jitted runs of one optimizer on every landscape of a family.

    Returns:
        (index, parameter vector, starts (runs, 2), steps, settings (runs, knobs)) -> (rows, at_rest). The rows have
        shape (MAX_STEPS + 1, runs, 5): x, y, loss and the gradient; NaN after a run's end. Nothing that is passed
        compiles it again but another number of runs.
    """

    def runs(index: jax.Array, vector: jax.Array, starts: jax.Array, steps: jax.Array, settings: jax.Array) -> Any:
        initial, step = _method(optimizer, family, index, vector)

        def advance(carry: Any) -> Any:
            number, run, rows = carry
            record, iterate, state, unchanged = jax.vmap(step)(run.iterate, run.state, settings)
            valid = run.alive & jnp.all(jnp.isfinite(record), axis=1)
            rows = rows.at[number].set(jnp.where(valid[:, None], record, jnp.nan))
            return number + 1, _Run(iterate, state, valid & ~unchanged, run.at_rest | (valid & unchanged)), rows

        def descent(carry: Any) -> Any:
            times, rows, no_run = carry
            run = _Run(starts, jax.vmap(initial)(starts, settings), ~no_run, no_run)
            unfinished = lambda carry: (carry[0] <= steps) & jnp.any(carry[1].alive)  # noqa: E731
            _, run, rows = jax.lax.while_loop(unfinished, advance, (jnp.int32(0), run, rows))
            return times - 1, rows, run.at_rest

        # A loop that runs once, though XLA cannot know it: what is inside one becomes a single native function.
        # Without it the set-up is a dozen small tasks for the thread pool, and 500 steps take 115 us instead of 52.
        once = (
            jnp.minimum(1, steps + 1),
            jnp.full((MAX_STEPS + 1, len(starts), 5), jnp.nan),
            jnp.zeros(len(starts), bool),
        )
        _, rows, at_rest = jax.lax.while_loop(lambda carry: carry[0] > 0, descent, once)
        return rows, at_rest

    return jax.jit(runs)


def _method(optimizer: Optimizer, family: Family, index: jax.Array, vector: jax.Array) -> tuple[Callable, Callable]:
    """One run's (start, settings) -> state, and (iterate, state, settings) -> (record, iterate, state, unchanged)."""
    evaluate = partial(value_and_gradient(family), index, vector)
    curvature = partial(hessian(family), index, vector)

    @jax.custom_jvp
    def loss(p: jax.Array) -> jax.Array:
        return evaluate(p)[0]

    @loss.defjvp
    def _(primals: Any, tangents: Any) -> Any:  # the gradient comes with the loss: nothing is traced a second time
        value, gradient = evaluate(*primals)
        return value, gradient @ tangents[0]

    def transformation(settings: jax.Array) -> optax.GradientTransformationExtraArgs:
        knobs = dict(zip(optimizer.knobs, settings, strict=True))
        return optax.with_extra_args_support(optimizer.build(**knobs))

    def initial(start: jax.Array, settings: jax.Array) -> Any:
        return transformation(settings).init(start)

    def step(iterate: jax.Array, state: Any, settings: jax.Array) -> Any:
        value, gradient = evaluate(iterate)
        offered = {"value": value, "grad": gradient, "value_fn": loss, "obj_fn": loss}
        if "hessian" in optimizer.needs:
            offered["hessian"] = curvature(iterate)
        needed = {name: offered[name] for name in optimizer.needs}
        update, following = transformation(settings).update(gradient, state, iterate, **needed)
        moved = optax.apply_updates(iterate, update)
        if optimizer.report is None:
            record = jnp.concatenate([iterate, value[None], gradient])
        else:
            reported = optimizer.report(iterate, state)
            value, gradient = evaluate(reported)
            record = jnp.concatenate([reported, value[None], gradient])
        return record, moved, following, _unchanged((moved, following), (iterate, state))

    return initial, step


def _unchanged(new: Any, old: Any) -> jax.Array:
    """Whether a step changed neither the iterate nor a floating-point number of the state: it never will again."""
    pairs = zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True)
    return jnp.all(jnp.stack([jnp.all(a == b) for a, b in pairs if jnp.issubdtype(a.dtype, jnp.floating)]))


def find_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """The entry for a key; an entry is returned as it is.

    Raises:
        ValueError: when no optimizer has that key.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[optimizer]


def descend(
    landscape: str | Landscape,
    optimizer: str | Optimizer,
    *,
    start: Sequence[float] | None = None,
    steps: int = 500,
    seed: int = 0,
    **settings: float,
) -> Trajectory:
    """Run an optimizer down a landscape.

    Args:
        landscape: a key, or an entry of one's own.
        optimizer: likewise.
        start: (x, y); the landscape's own start when not given.
        steps: how many updates, 0 to MAX_STEPS.
        seed: for whatever is random in the run.
        **settings: the optimizer's knobs and the landscape's parameters by name; the rest keep their defaults.

    Returns:
        The trajectory. Divergence is a result: the rows after it are NaN and `status` says so.

    Raises:
        ValueError: for an unknown key or name, a value that is not allowed, or a start that is not two finite numbers;
            the message names the value and what is allowed.
    """
    surface, method = find_landscape(landscape), find_optimizer(optimizer)
    if unknown := set(settings) - set(method.knobs) - set(surface.parameters):
        allowed = ", ".join([*method.knobs, *surface.parameters]) or "nothing"
        raise ValueError(f"{method.key} on {surface.key} has no setting {min(unknown)!r}; it takes {allowed}")
    knobs = filled_in(method.knobs, settings)
    parameters = filled_in(surface.parameters, settings)
    first = checked_start(surface.start if start is None else start)
    count, number = int(STEPS.check("steps", steps)), int(SEED.check("seed", seed))

    family, index = family_of(surface)
    rows, at_rest = program(method, family)(
        np.int32(index), parameter_vector(family, surface, parameters), np.array([first]), np.int32(count),
        np.array([list(knobs.values())], float),
    )  # fmt: skip
    run = np.asarray(rows)[: count + 1, 0].copy()
    ended = np.isnan(run[:, 0])
    run[0, :2] = first
    return Trajectory(
        landscape=surface, parameters=parameters, optimizer=method, settings=knobs, start=first, steps=count,
        seed=number, points=run[:, :2], losses=run[:, 2], gradients=run[:, 3:],
        learning_rates=np.full(count, knobs.get("learning_rate", math.nan)),
        length=max(0, int(ended.argmax()) - 1) if ended.any() else count, at_rest=bool(np.asarray(at_rest)[0]),
    )  # fmt: skip


def filled_in(knobs: Mapping[str, Knob], settings: Mapping[str, float]) -> dict[str, float]:
    """Every knob's value, checked: from the settings where it stands there, else its default."""
    return {name: knob.check(name, settings.get(name, knob.default)) for name, knob in knobs.items()}


def checked_start(start: Sequence[float]) -> Point:
    """The start as two floats.

    Raises:
        ValueError: when it is not two finite numbers, or one is beyond 1e100.
    """
    try:
        x, y = start
        return COORDINATE.check("x", x), COORDINATE.check("y", y)
    except (TypeError, ValueError) as error:
        raise ValueError(f"start = {start!r} is not allowed: two finite numbers (x, y)") from error

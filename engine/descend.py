"""Runs of an optimizer down a landscape: jitted optax steps to a `Trajectory`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

import engine.numerics  # noqa: F401  (sets how JAX computes, before it does)
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

class _Runs(NamedTuple):
    """What the loop carries, with a leading axis of runs on every leaf."""

    iterate: jax.Array  # (runs, 2)
    state: Any  # the optimizer's own
    alive: jax.Array  # (runs,), whether the next row is still to be written
    resting: jax.Array  # (runs,), whether it ended because nothing moved any more


@lru_cache(maxsize=256)
def program(optimizer: Optimizer, family: Family) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """The jitted runs of one optimizer over every landscape of a family.

    Returns:
        (index, parameter vector, starts (runs, 2), steps, settings (runs, knobs)) -> (rows, resting) with rows of
        shape (MAX_STEPS + 1, runs, 5): x, y, loss and the gradient; NaN after a run's end. Only a new number of
        runs compiles.
    """
    names = tuple(optimizer.knobs)
    evaluate, curvature = value_and_gradient(family), hessian(family)

    def run(index: jax.Array, vector: jax.Array, starts: jax.Array, steps: jax.Array, settings: jax.Array) -> Any:
        @jax.custom_jvp
        def loss(p: jax.Array) -> jax.Array:
            return evaluate(index, vector, p)[0]

        @loss.defjvp
        def _(primals: Any, tangents: Any) -> Any:  # the gradient is there already: nothing is traced through twice
            value, gradient = evaluate(index, vector, *primals)
            return value, gradient @ tangents[0]

        def transformation(row: jax.Array) -> optax.GradientTransformationExtraArgs:
            return optax.with_extra_args_support(optimizer.build(**dict(zip(names, row, strict=True))))

        def step(iterate: jax.Array, state: Any, row: jax.Array) -> Any:
            value, gradient = evaluate(index, vector, iterate)
            extras = {"value": value, "grad": gradient, "value_fn": loss, "obj_fn": loss}
            if "hessian" in optimizer.needs:
                extras["hessian"] = curvature(index, vector, iterate)
            update, following = transformation(row).update(
                gradient, state, iterate, **{name: extras[name] for name in optimizer.needs}
            )
            record = jnp.concatenate([iterate, value[None], gradient])
            if optimizer.report is not None:
                reported = optimizer.report(iterate, state)
                value, gradient = evaluate(index, vector, reported)
                record = jnp.concatenate([reported, value[None], gradient])
            moved = optax.apply_updates(iterate, update)
            return record, moved, following, _unchanged((moved, following), (iterate, state))

        def advance(carry: Any) -> Any:
            number, runs, rows = carry
            record, iterate, state, unchanged = jax.vmap(step)(runs.iterate, runs.state, settings)
            valid = runs.alive & jnp.all(jnp.isfinite(record), axis=1)
            rows = rows.at[number].set(jnp.where(valid[:, None], record, jnp.nan))
            resting = runs.resting | (valid & unchanged)
            return number + 1, _Runs(iterate, state, valid & ~unchanged, resting), rows

        count = starts.shape[0]
        state = jax.vmap(lambda row, p: transformation(row).init(p))(settings, starts)
        runs = _Runs(starts, state, jnp.ones(count, bool), jnp.zeros(count, bool))
        rows = jnp.full((MAX_STEPS + 1, count, 5), jnp.nan)
        _, runs, rows = jax.lax.while_loop(
            lambda carry: (carry[0] <= steps) & jnp.any(carry[1].alive), advance, (jnp.int32(0), runs, rows)
        )
        return rows, runs.resting

    return jax.jit(run)


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
        landscape, optimizer: a key, or an entry of one's own.
        start: (x, y); the landscape's own start when not given.
        steps: how many updates, 0 to MAX_STEPS.
        seed: for whatever is random in the run.
        settings: the optimizer's knobs and the landscape's parameters by name; the rest keep their defaults.

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
        length=max(0, int(ended.argmax()) - 1) if ended.any() else count, at_rest=bool(at_rest[0]),
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

"""The compiled runs: one XLA program an optimizer, for every landscape, setting, start and step count."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from engine.field import Family, called_not_copied, hessian, value_and_gradient
from optimizers.base import Optimizer

MAX_STEPS = 5000
"""The longest run. All runs share one buffer of this length, so that no step count compiles anything."""


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
        (which, numbers) -> (rows, at_rest). `which` is (index of the landscape in the family, steps); `numbers` has a
        row for each run: x and y of its start, the landscape's parameters padded to the family's count, the knobs.
        The rows have shape (MAX_STEPS + 1, runs, 5): x, y, loss and the gradient; NaN after a run's end. Only another
        number of runs compiles it again.
    """
    parameters_end = 2 + family.parameter_count

    def runs(which: jax.Array, numbers: jax.Array) -> tuple[jax.Array, jax.Array]:
        count = len(numbers)

        def descent(carry: Any) -> Any:
            index, steps = which
            starts, parameters, knobs = jnp.split(numbers, (2, parameters_end), axis=1)
            initial, step = _method(optimizer, family, index)

            def unfinished(carry: Any) -> jax.Array:
                number, run, _ = carry
                return (number <= steps) & jnp.any(run.alive)

            def advance(carry: Any) -> Any:
                number, run, rows = carry
                record, iterate, state, unchanged = jax.vmap(step)(run.iterate, run.state, parameters, knobs)
                valid = run.alive & jnp.all(jnp.isfinite(record), axis=1)
                rows = rows.at[number].set(jnp.where(valid[:, None], record, jnp.nan))
                return number + 1, _Run(iterate, state, valid & ~unchanged, run.at_rest | (valid & unchanged)), rows

            times, rows, no = carry
            run = _Run(starts, jax.vmap(initial)(starts, knobs), ~no, no)
            _, run, rows = jax.lax.while_loop(unfinished, advance, (jnp.int32(0), run, rows))
            return times - 1, rows, run.at_rest

        # A loop that runs once, though XLA cannot know it: what is inside one becomes a single native function.
        # Without it the set-up is a dozen tasks for the thread pool, and 500 steps took 115 us instead of 42.
        once = jnp.minimum(1, which[1] + 1), jnp.full((MAX_STEPS + 1, count, 5), jnp.nan), jnp.zeros(count, bool)
        _, rows, at_rest = jax.lax.while_loop(lambda carry: carry[0] > 0, descent, once)
        return rows, at_rest

    return jax.jit(runs)


def _method(optimizer: Optimizer, family: Family, index: jax.Array) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One run: (start, knobs) -> state; (iterate, state, parameters, knobs) -> (record, iterate, state, unchanged)."""

    def transformation(knobs: jax.Array) -> optax.GradientTransformationExtraArgs:
        named = dict(zip(optimizer.knobs, knobs, strict=True))
        return optax.with_extra_args_support(optimizer.build(**named))

    def initial(start: jax.Array, knobs: jax.Array) -> Any:
        return transformation(knobs).init(start)

    def step(iterate: jax.Array, state: Any, parameters: jax.Array, knobs: jax.Array) -> Any:
        evaluate = partial(value_and_gradient(family), index, parameters)
        value, gradient = evaluate(iterate)
        loss = _loss_with_gradient(called_not_copied(evaluate))
        offered = {"value": value, "grad": gradient, "value_fn": loss, "obj_fn": loss}
        if "hessian" in optimizer.needs:
            offered["hessian"] = hessian(family)(index, parameters, iterate)
        needed = {name: offered[name] for name in optimizer.needs}
        update, following = transformation(knobs).update(gradient, state, iterate, **needed)
        moved = optax.apply_updates(iterate, update)
        reported = iterate
        if optimizer.report is not None:
            reported = optimizer.report(iterate, state)
            value, gradient = evaluate(reported)
        record = jnp.concatenate([reported, value[None], gradient])
        return record, moved, following, _unchanged((moved, following), (iterate, state))

    return initial, step


def _loss_with_gradient(evaluate: Callable[[jax.Array], tuple[jax.Array, jax.Array]]) -> Callable[..., jax.Array]:
    """The loss as a function of a point whose derivative is the gradient that comes with it, so not traced again."""

    @jax.custom_jvp
    def loss(p: jax.Array) -> jax.Array:
        return evaluate(p)[0]

    @loss.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        value, gradient = evaluate(*primals)
        return value, gradient @ tangents[0]

    return loss


def _unchanged(new: Any, old: Any) -> jax.Array:
    """Whether a step changed neither the iterate nor a floating-point number of the state: it never will again."""
    pairs = zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True)
    return jnp.all(jnp.stack([jnp.all(a == b) for a, b in pairs if jnp.issubdtype(a.dtype, jnp.floating)]))
